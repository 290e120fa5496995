// The surrogates of rscore/surrogate.py, in the order of SurrogateName in rscore/spec.py.

#pragma once

#include <cmath>
#include <cstdint>

enum Surrogate { RECTANGLE, TRIANGLE, SIGMOID, ATAN, FAST_SIGMOID, TANH };

template <int KIND>
inline float slope(float distance, float width) {
    const float size = std::fabs(distance);
    if (KIND == RECTANGLE) return static_cast<float>(size < width / 2) * (1.0f / width);
    if (KIND == TRIANGLE) {
        const float height = 1.0f - size / width;
        return (height > 0.0f ? height : 0.0f) / width;
    }
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

template <bool TERNARY, int KIND>
void slopes_of_kind(float width, const float* u, float threshold, int64_t count,
                    float* __restrict out) {
    for (int64_t j = 0; j < count; ++j) {
        out[j] = slope<KIND>(u[j] - threshold, width);
        if (TERNARY) out[j] += slope<KIND>(u[j] + threshold, width);
    }
}

// ds/du of a row of membranes; for ternary spikes the sum over both thresholds.
template <bool TERNARY>
void surrogate_slopes(int32_t surrogate, float width, const float* u, float threshold,
                      int64_t count, float* __restrict out) {
    switch (surrogate) {
        case RECTANGLE: return slopes_of_kind<TERNARY, RECTANGLE>(width, u, threshold, count, out);
        case TRIANGLE: return slopes_of_kind<TERNARY, TRIANGLE>(width, u, threshold, count, out);
        case SIGMOID: return slopes_of_kind<TERNARY, SIGMOID>(width, u, threshold, count, out);
        case ATAN: return slopes_of_kind<TERNARY, ATAN>(width, u, threshold, count, out);
        case FAST_SIGMOID:
            return slopes_of_kind<TERNARY, FAST_SIGMOID>(width, u, threshold, count, out);
        default: return slopes_of_kind<TERNARY, TANH>(width, u, threshold, count, out);
    }
}
