// The T steps of a neuron layer and its amplitude, forward and backward; equations: reference.py.
//
// A tensor [T, M] is walked in blocks of neighbouring neurons. Within a block, time is the outer
// loop and the neurons are the inner one, which the compiler turns into vector instructions. The
// backward pass computes the membrane again from the currents, so that only those are kept.
// No expression is contracted or reordered (-ffp-contract=off), so spikes equal those of torch.

#include <cmath>
#include <cstdint>

#include "rows.h"
#include "surrogate.h"

namespace {

constexpr int64_t MOST_STEPS = 64;
constexpr int64_t MOST_CHUNKS = 64;
constexpr int64_t PARALLEL_FROM = 8 * BLOCK;

struct Layer {
    int64_t steps;
    int64_t neurons;
    Scale scale;
    float decay;
    float v_threshold;
    float width;
    int32_t surrogate;
    int32_t soft_reset;
    int32_t detach_reset;
    int32_t ternary;
    int32_t half;
};

// A comparison turned into a number: a choice (?:) would keep the compiler from vectorising.
template <bool TERNARY>
inline float spike(float u, float threshold) {
    const float up = static_cast<float>(u >= threshold);
    return TERNARY ? up - static_cast<float>(u <= -threshold) : up;
}

template <bool TERNARY, bool SOFT>
inline float after_reset(float u, float s, float threshold) {
    if (SOFT) return u - threshold * s;
    return u * (1.0f - (TERNARY ? std::fabs(s) : s));
}

// One step: the membrane u before its reset, the spikes s, and the membrane v after its reset.
template <bool TERNARY, bool SOFT>
void step(const Layer& k, const float* x, int64_t count, float* __restrict v, float* __restrict u,
          float* __restrict s) {
    const float decay = k.decay, threshold = k.v_threshold;
    for (int64_t j = 0; j < count; ++j) {
        u[j] = v[j] * decay + x[j];
        s[j] = spike<TERNARY>(u[j], threshold);
        v[j] = after_reset<TERNARY, SOFT>(u[j], s[j], threshold);
    }
}

template <bool TERNARY, bool SOFT>
void forward_block(const Layer& k, Reader x, Writer o, int64_t start, int64_t count) {
    float v[BLOCK] = {}, u[BLOCK], a[BLOCK], read[BLOCK], written[BLOCK];
    if (k.scale.values) k.scale.row(start, count, a);
    for (int64_t t = 0; t < k.steps; ++t) {
        const int64_t place = t * k.neurons + start;
        float* out = o.row(place, written);
        step<TERNARY, SOFT>(k, x.row(place, count, read), count, v, u, out);
        if (k.scale.values)
            for (int64_t j = 0; j < count; ++j) out[j] *= a[j];
        o.flush(place, count, written);
    }
}

// Sums of one chunk of blocks; null where they are not wanted.
struct Sums {
    double* decay;
    double* amplitude;
};

// h[t] of the equations from g[t], the gradient of s[t], and h[t+1], which it replaces.
template <bool TERNARY, bool SOFT>
void step_back(const Layer& k, const float* u, const float* s, const float* g, const float* slopes,
               int64_t count, float* __restrict h, float* __restrict out) {
    const float decay = k.decay, threshold = k.v_threshold;
    const float reset_share = k.detach_reset ? 0.0f : 1.0f;
    for (int64_t j = 0; j < count; ++j) {
        const float c = h[j] * decay;
        const float dv_ds = SOFT ? -threshold : (TERNARY ? -u[j] * s[j] : -u[j]);
        const float dv_du = SOFT ? 1.0f : 1.0f - (TERNARY ? std::fabs(s[j]) : s[j]);
        out[j] = h[j] = (g[j] + reset_share * c * dv_ds) * slopes[j] + c * dv_du;
    }
}

// The gradient of s[t] from that of o[t]; that of the amplitude grows.
void through_amplitude(const float* g, const float* s, const float* a, int64_t count,
                       float* __restrict scaled, float* __restrict amplitude) {
    for (int64_t j = 0; j < count; ++j) {
        amplitude[j] += g[j] * s[j];
        scaled[j] = g[j] * a[j];
    }
}

template <bool TERNARY, bool SOFT>
void backward_block(const Layer& k, Reader g, Reader x, Writer out, Sums sums, int64_t start,
                    int64_t count) {
    float u[MOST_STEPS][BLOCK], s[MOST_STEPS][BLOCK], v[BLOCK] = {}, read[BLOCK], written[BLOCK];
    for (int64_t t = 0; t < k.steps; ++t) {
        const int64_t place = t * k.neurons + start;
        g.prefetch(place, count);
        step<TERNARY, SOFT>(k, x.row(place, count, read), count, v, u[t], s[t]);
    }
    float h[BLOCK] = {}, a[BLOCK], scaled[BLOCK], slopes[BLOCK];
    float decay[BLOCK] = {}, amplitude[BLOCK] = {};
    if (k.scale.values) k.scale.row(start, count, a);
    for (int64_t t = k.steps - 1; t >= 0; --t) {
        const int64_t place = t * k.neurons + start;
        const float* grad = g.row(place, count, read);
        if (start + BLOCK + count <= k.neurons) x.prefetch(place + BLOCK, count);
        if (sums.decay)
            for (int64_t j = 0; j < count; ++j)
                decay[j] += h[j] * after_reset<TERNARY, SOFT>(u[t][j], s[t][j], k.v_threshold);
        if (k.scale.values) {
            through_amplitude(grad, s[t], a, count, scaled, amplitude);
            grad = scaled;
        }
        surrogate_slopes<TERNARY>(k.surrogate, k.width, u[t], k.v_threshold, count, slopes);
        float* now = out.row(place, written);
        step_back<TERNARY, SOFT>(k, u[t], s[t], grad, slopes, count, h, now);
        out.flush(place, count, written);
    }
    if (sums.decay) *sums.decay += total(decay, count);
    if (sums.amplitude) k.scale.collect(start, count, amplitude, sums.amplitude);
}

using ForwardBlock = void (*)(const Layer&, Reader, Writer, int64_t, int64_t);
using BackwardBlock = void (*)(const Layer&, Reader, Reader, Writer, Sums, int64_t, int64_t);

ForwardBlock forward_of(const Layer& k) {
    if (k.ternary) return k.soft_reset ? forward_block<true, true> : forward_block<true, false>;
    return k.soft_reset ? forward_block<false, true> : forward_block<false, false>;
}

BackwardBlock backward_of(const Layer& k) {
    if (k.ternary) return k.soft_reset ? backward_block<true, true> : backward_block<true, false>;
    return k.soft_reset ? backward_block<false, true> : backward_block<false, false>;
}

int64_t blocks_of(const Layer& k) { return (k.neurons + BLOCK - 1) / BLOCK; }

int64_t count_at(const Layer& k, int64_t start) {
    return k.neurons - start < BLOCK ? k.neurons - start : BLOCK;
}

}  // namespace

extern "C" {

int64_t realspike_most_steps() { return MOST_STEPS; }

// In how many parts gradients are summed. Threads share the parts out, so that no sum depends on
// how many threads there are; each part is several times as large as what it sums into.
int64_t realspike_chunks(const Layer* k) {
    int64_t chunks = blocks_of(*k) < MOST_CHUNKS ? blocks_of(*k) : MOST_CHUNKS;
    if (k->scale.values) {
        const int64_t most = k->neurons / (4 * k->scale.period);
        chunks = most < chunks ? most : chunks;
    }
    return chunks < 1 ? 1 : chunks;
}

void realspike_forward(const Layer* k, const void* x, void* o) {
    const ForwardBlock block = forward_of(*k);
    const int64_t blocks = blocks_of(*k);
    const Reader read{x, k->half != 0};
    const Writer write{o, k->half != 0};
#pragma omp parallel for schedule(static) if (k->neurons > PARALLEL_FROM)
    for (int64_t b = 0; b < blocks; ++b) block(*k, read, write, b * BLOCK, count_at(*k, b * BLOCK));
}

// `decay_sums` is [chunks] or null, `amplitude_sums` [chunks, period] or null, both zero at first.
void realspike_backward(const Layer* k, const void* g, const void* x, void* h, double* decay_sums,
                        double* amplitude_sums) {
    const BackwardBlock block = backward_of(*k);
    const int64_t blocks = blocks_of(*k), chunks = realspike_chunks(k);
    const Reader grads{g, k->half != 0}, currents{x, k->half != 0};
    const Writer write{h, k->half != 0};
#pragma omp parallel for schedule(static) if (k->neurons > PARALLEL_FROM)
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        const Sums sums{decay_sums ? decay_sums + chunk : nullptr,
                        amplitude_sums ? amplitude_sums + chunk * k->scale.period : nullptr};
        for (int64_t b = blocks * chunk / chunks; b < blocks * (chunk + 1) / chunks; ++b)
            block(*k, grads, currents, write, sums, b * BLOCK, count_at(*k, b * BLOCK));
    }
}
}
