// Rows of neighbouring values in float32, whatever a tensor holds, and their amplitudes.

#pragma once

#include <cstdint>
#include <cstring>

constexpr int64_t BLOCK = 256;

// A tensor's memory: bfloat16 where `half`, else float32.
struct Reader {
    const void* data;
    bool half;

    // `count` values from `start` on; converted ones lie in `scratch`.
    const float* row(int64_t start, int64_t count, float* scratch) const {
        if (!half) return static_cast<const float*>(data) + start;
        const uint16_t* values = static_cast<const uint16_t*>(data) + start;
        for (int64_t j = 0; j < count; ++j) {
            const uint32_t bits = static_cast<uint32_t>(values[j]) << 16;
            std::memcpy(scratch + j, &bits, sizeof bits);
        }
        return scratch;
    }

    // Has the processor fetch a row that is read soon.
    void prefetch(int64_t start, int64_t count) const {
        const int64_t width = half ? 2 : 4;
        const char* from = static_cast<const char*>(data) + start * width;
        for (int64_t byte = 0; byte < count * width; byte += 64) __builtin_prefetch(from + byte);
    }
};

struct Writer {
    void* data;
    bool half;

    // Where to put values for `start` on before `flush`.
    float* row(int64_t start, float* scratch) const {
        return half ? scratch : static_cast<float*>(data) + start;
    }

    void flush(int64_t start, int64_t count, const float* scratch) const {
        if (half) round(start, count, scratch);
    }

  private:
    // To the nearest bfloat16, ties to even, as torch does.
    void round(int64_t start, int64_t count, const float* row) const {
        uint16_t* __restrict values = static_cast<uint16_t*>(data) + start;
        for (int64_t j = 0; j < count; ++j) {
            uint32_t bits;
            std::memcpy(&bits, row + j, sizeof bits);
            const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
            const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
            values[j] = static_cast<uint16_t>(is_nan ? 0x7fc0u : rounded);
        }
    }
};

// The sum of a row in eight lanes, whose order is always the same.
inline double total(const float* values, int64_t count) {
    float lanes[8] = {};
    int64_t j = 0;
    for (; j + 8 <= count; j += 8)
        for (int lane = 0; lane < 8; ++lane) lanes[lane] += values[j + lane];
    for (; j < count; ++j) lanes[0] += values[j];
    double sum = 0.0;
    for (const float lane : lanes) sum += lane;
    return sum;
}

// Neuron i has the amplitude values[(i / run) % period]; none at all where values is null.
struct Scale {
    const float* values;
    int64_t period;
    int64_t run;

    void row(int64_t start, int64_t count, float* out) const {
        walk(start, count, [&](int64_t place, int64_t j, int64_t length) {
            if (run == 1) std::memcpy(out + j, values + place, length * sizeof(float));
            else for (int64_t i = j; i < j + length; ++i) out[i] = values[place];
        });
    }

    // The reverse of `row` for a gradient: adds each neuron's to its amplitude's.
    void collect(int64_t start, int64_t count, const float* grads, double* sums) const {
        walk(start, count, [&](int64_t place, int64_t j, int64_t length) {
            if (run == 1) for (int64_t i = 0; i < length; ++i) sums[place + i] += grads[j + i];
            else sums[place] += total(grads + j, length);
        });
    }

  private:
    // Cuts a row into stretches with one amplitude or, where run is 1, with consecutive ones.
    template <typename Visit>
    void walk(int64_t start, int64_t count, Visit visit) const {
        int64_t place = start / run % period;
        int64_t left = run == 1 ? period - place : run - start % run;
        for (int64_t j = 0; j < count;) {
            const int64_t length = left < count - j ? left : count - j;
            visit(place, j, length);
            j += length;
            place = run == 1 || place + 1 == period ? 0 : place + 1;
            left = run == 1 ? period : run;
        }
    }
};
