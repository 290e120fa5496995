// The T steps of a neuron layer, forward and backward; see reference.py for the equations.
//
// A tensor [T, M] is walked in blocks of neighbouring neurons. Within a block, time is the outer
// loop and the neurons are the inner one, which the compiler turns into vector instructions. The
// backward pass computes the membrane again from the currents, so that only those are kept.
// No expression is contracted or reordered (-ffp-contract=off), so spikes equal those of torch.

#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

constexpr int64_t BLOCK = 512;
constexpr int64_t MOST_STEPS = 64;

enum Surrogate { RECTANGLE, TRIANGLE, SIGMOID, ATAN, FAST_SIGMOID, TANH };

struct Constants {
    float decay;
    float v_threshold;
    float width;
    int32_t surrogate;
    int32_t soft_reset;
    int32_t detach_reset;
    int32_t ternary;
};

struct BFloat16 {
    uint16_t bits;
};

inline float load(float value) { return value; }

inline float load(BFloat16 value) {
    uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

inline void store(float& place, float value) { place = value; }

inline void store(BFloat16& place, float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
    const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    place.bits = static_cast<uint16_t>(is_nan ? 0x7fc0u : rounded);
}

template <bool TERNARY>
inline float spike(float u, float threshold) {
    const float up = u >= threshold ? 1.0f : 0.0f;
    return TERNARY ? up - (u <= -threshold ? 1.0f : 0.0f) : up;
}

template <bool TERNARY, bool SOFT>
inline float after_reset(float u, float s, float threshold) {
    if (SOFT) return u - threshold * s;
    return u * (1.0f - (TERNARY ? std::fabs(s) : s));
}

template <int KIND>
inline float slope(float distance, float width) {
    const float size = std::fabs(distance);
    if (KIND == RECTANGLE) return size < width / 2 ? 1.0f / width : 0.0f;
    if (KIND == TRIANGLE) return std::fmax(0.0f, 1.0f - size / width) / width;
    if (KIND == ATAN) {
        const float x = distance * (3.14159265358979323846f / width);
        return 1.0f / (width * (1.0f + x * x));
    }
    if (KIND == FAST_SIGMOID) {
        const float x = 1.0f + size * (2.0f / width);
        return 1.0f / (width * (x * x));
    }
    if (KIND == SIGMOID) {
        const float k = 4.0f / width;
        const float p = 1.0f / (1.0f + std::exp(-k * distance));
        return k * p * (1.0f - p);
    }
    const float k = 2.0f / width;
    const float x = std::tanh(k * distance);
    return (1.0f - x * x) * (k / 2.0f);
}

template <typename T, bool TERNARY, bool SOFT>
void forward_block(const T* x, T* s, int64_t steps, int64_t stride, int64_t count,
                   const Constants& k) {
    float v[BLOCK];
    for (int64_t t = 0; t < steps; ++t, x += stride, s += stride) {
        for (int64_t j = 0; j < count; ++j) {
            const float u = t == 0 ? load(x[j]) : v[j] * k.decay + load(x[j]);
            const float fired = spike<TERNARY>(u, k.v_threshold);
            store(s[j], fired);
            v[j] = after_reset<TERNARY, SOFT>(u, fired, k.v_threshold);
        }
    }
}

template <typename T, bool TERNARY, bool SOFT, int KIND>
double backward_block(const T* g, const T* x, T* h, int64_t steps, int64_t stride, int64_t count,
                      const Constants& k) {
    float u[MOST_STEPS][BLOCK];
    for (int64_t t = 0; t < steps; ++t) {
        const T* now = x + t * stride;
        for (int64_t j = 0; j < count; ++j) {
            float carried = 0.0f;
            if (t > 0) {
                const float before = u[t - 1][j];
                const float fired = spike<TERNARY>(before, k.v_threshold);
                carried = after_reset<TERNARY, SOFT>(before, fired, k.v_threshold) * k.decay;
            }
            u[t][j] = t > 0 ? carried + load(now[j]) : load(now[j]);
        }
    }
    const float reset_share = k.detach_reset ? 0.0f : 1.0f;
    float later[BLOCK] = {};
    double decay_grad = 0.0;
    for (int64_t t = steps - 1; t >= 0; --t) {
        const T* grad = g + t * stride;
        T* out = h + t * stride;
        float sum = 0.0f;
        for (int64_t j = 0; j < count; ++j) {
            const float now = u[t][j];
            const float s = spike<TERNARY>(now, k.v_threshold);
            float ds = slope<KIND>(now - k.v_threshold, k.width);
            if (TERNARY) ds += slope<KIND>(now + k.v_threshold, k.width);
            const float c = later[j] * k.decay;
            const float dv_ds = SOFT ? -k.v_threshold : (TERNARY ? -now * s : -now);
            const float dv_du = SOFT ? 1.0f : 1.0f - (TERNARY ? std::fabs(s) : s);
            sum += later[j] * after_reset<TERNARY, SOFT>(now, s, k.v_threshold);
            const float value = (load(grad[j]) + reset_share * c * dv_ds) * ds + c * dv_du;
            store(out[j], value);
            later[j] = value;
        }
        decay_grad += sum;
    }
    return decay_grad;
}

template <typename T, bool TERNARY, bool SOFT>
void forward_all(const T* x, T* s, int64_t steps, int64_t neurons, const Constants& k) {
    const int64_t blocks = (neurons + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static) if (blocks > 8)
    for (int64_t block = 0; block < blocks; ++block) {
        const int64_t start = block * BLOCK;
        const int64_t count = neurons - start < BLOCK ? neurons - start : BLOCK;
        forward_block<T, TERNARY, SOFT>(x + start, s + start, steps, neurons, count, k);
    }
}

// `decay_grads` holds one sum per block: their order does not depend on the number of threads.
template <typename T, bool TERNARY, bool SOFT, int KIND>
void backward_all(const T* g, const T* x, T* h, double* decay_grads, int64_t steps,
                  int64_t neurons, const Constants& k) {
    const int64_t blocks = (neurons + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static) if (blocks > 8)
    for (int64_t block = 0; block < blocks; ++block) {
        const int64_t start = block * BLOCK;
        const int64_t count = neurons - start < BLOCK ? neurons - start : BLOCK;
        decay_grads[block] = backward_block<T, TERNARY, SOFT, KIND>(
            g + start, x + start, h + start, steps, neurons, count, k);
    }
}

template <typename T>
void forward_typed(const T* x, T* s, int64_t steps, int64_t neurons, const Constants& k) {
    if (k.ternary) {
        if (k.soft_reset) forward_all<T, true, true>(x, s, steps, neurons, k);
        else forward_all<T, true, false>(x, s, steps, neurons, k);
    } else {
        if (k.soft_reset) forward_all<T, false, true>(x, s, steps, neurons, k);
        else forward_all<T, false, false>(x, s, steps, neurons, k);
    }
}

template <typename T, bool TERNARY, bool SOFT>
void backward_kind(const T* g, const T* x, T* h, double* sums, int64_t steps, int64_t neurons,
                   const Constants& k) {
    switch (k.surrogate) {
        case RECTANGLE:
            return backward_all<T, TERNARY, SOFT, RECTANGLE>(g, x, h, sums, steps, neurons, k);
        case TRIANGLE:
            return backward_all<T, TERNARY, SOFT, TRIANGLE>(g, x, h, sums, steps, neurons, k);
        case SIGMOID:
            return backward_all<T, TERNARY, SOFT, SIGMOID>(g, x, h, sums, steps, neurons, k);
        case ATAN:
            return backward_all<T, TERNARY, SOFT, ATAN>(g, x, h, sums, steps, neurons, k);
        case FAST_SIGMOID:
            return backward_all<T, TERNARY, SOFT, FAST_SIGMOID>(g, x, h, sums, steps, neurons, k);
        default:
            return backward_all<T, TERNARY, SOFT, TANH>(g, x, h, sums, steps, neurons, k);
    }
}

template <typename T>
void backward_typed(const T* g, const T* x, T* h, double* sums, int64_t steps, int64_t neurons,
                    const Constants& k) {
    if (k.ternary) {
        if (k.soft_reset) backward_kind<T, true, true>(g, x, h, sums, steps, neurons, k);
        else backward_kind<T, true, false>(g, x, h, sums, steps, neurons, k);
    } else {
        if (k.soft_reset) backward_kind<T, false, true>(g, x, h, sums, steps, neurons, k);
        else backward_kind<T, false, false>(g, x, h, sums, steps, neurons, k);
    }
}

}  // namespace

extern "C" {

int64_t realspike_block() { return BLOCK; }

int64_t realspike_most_steps() { return MOST_STEPS; }

void realspike_forward(int32_t half, const void* x, void* s, int64_t steps, int64_t neurons,
                       const Constants* k) {
    if (half)
        forward_typed(static_cast<const BFloat16*>(x), static_cast<BFloat16*>(s), steps, neurons, *k);
    else
        forward_typed(static_cast<const float*>(x), static_cast<float*>(s), steps, neurons, *k);
}

void realspike_backward(int32_t half, const void* g, const void* x, void* h, double* decay_grads,
                        int64_t steps, int64_t neurons, const Constants* k) {
    if (half)
        backward_typed(static_cast<const BFloat16*>(g), static_cast<const BFloat16*>(x),
                       static_cast<BFloat16*>(h), decay_grads, steps, neurons, *k);
    else
        backward_typed(static_cast<const float*>(g), static_cast<const float*>(x),
                       static_cast<float*>(h), decay_grads, steps, neurons, *k);
}
}
