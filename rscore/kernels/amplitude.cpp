// The product of spikes with their amplitude, forward and backward, in one pass each.
//
// In memory order a tensor is [rows, period, run]: the amplitude's index runs over `period`
// neighbours, each of which covers `run` values. The spikes that the backward pass needs are kept
// as one byte each.

#include <cstdint>

extern "C" {

int64_t realspike_amplitude_chunks(int64_t rows) { return rows < 64 ? rows : 64; }

void realspike_amplitude_forward(const float* s, const float* a, float* o, int8_t* kept,
                                 int64_t rows, int64_t period, int64_t run) {
#pragma omp parallel for schedule(static) if (rows * period * run > 16384)
    for (int64_t row = 0; row < rows; ++row) {
        const int64_t start = row * period * run;
        if (run == 1) {
            for (int64_t p = 0; p < period; ++p) o[start + p] = s[start + p] * a[p];
        } else {
            for (int64_t p = 0; p < period; ++p)
                for (int64_t j = p * run; j < (p + 1) * run; ++j) o[start + j] = s[start + j] * a[p];
        }
        for (int64_t j = start; j < start + period * run; ++j) kept[j] = static_cast<int8_t>(s[j]);
    }
}

// `sums` is [chunks, period]: rows are shared out among a fixed number of chunks, so the result
// does not depend on the number of threads.
void realspike_amplitude_backward(const float* g, const int8_t* kept, const float* a, float* gs,
                                  float* sums, int64_t rows, int64_t period, int64_t run) {
    const int64_t chunks = realspike_amplitude_chunks(rows);
#pragma omp parallel for schedule(static) if (rows * period * run > 16384)
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        float* sum = sums + chunk * period;
        for (int64_t p = 0; p < period; ++p) sum[p] = 0.0f;
        const int64_t last = rows * (chunk + 1) / chunks;
        for (int64_t row = rows * chunk / chunks; row < last; ++row) {
            const int64_t start = row * period * run;
            if (run == 1) {
                for (int64_t p = 0; p < period; ++p) {
                    const float grad = g[start + p];
                    gs[start + p] = grad * a[p];
                    sum[p] += grad * static_cast<float>(kept[start + p]);
                }
            } else {
                for (int64_t p = 0; p < period; ++p) {
                    float total = 0.0f;
#pragma omp simd reduction(+ : total)
                    for (int64_t j = p * run; j < (p + 1) * run; ++j) {
                        const float grad = g[start + j];
                        gs[start + j] = grad * a[p];
                        total += grad * static_cast<float>(kept[start + j]);
                    }
                    sum[p] += total;
                }
            }
        }
    }
}
}
