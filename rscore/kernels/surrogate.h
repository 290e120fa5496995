// The surrogates of rscore/surrogate.py, in the order of SurrogateName in rscore/spec.py.

#pragma once

#include <cmath>
#include <cstdint>

enum Surrogate { RECTANGLE, TRIANGLE, SIGMOID, ATAN, FAST_SIGMOID, TANH };

// Adds the surrogate of u - threshold to `out`.
inline void add_slopes(int32_t surrogate, float width, const float* u, float threshold,
                       int64_t count, float* __restrict out) {
    switch (surrogate) {
        case RECTANGLE:
            for (int64_t j = 0; j < count; ++j)
                out[j] += std::fabs(u[j] - threshold) < width / 2 ? 1.0f / width : 0.0f;
            return;
        case TRIANGLE:
            for (int64_t j = 0; j < count; ++j) {
                const float height = 1.0f - std::fabs(u[j] - threshold) / width;
                out[j] += (height > 0.0f ? height : 0.0f) / width;
            }
            return;
        case ATAN:
            for (int64_t j = 0; j < count; ++j) {
                const float x = (u[j] - threshold) * (3.14159265358979323846f / width);
                out[j] += 1.0f / (width * (1.0f + x * x));
            }
            return;
        case FAST_SIGMOID:
            for (int64_t j = 0; j < count; ++j) {
                const float x = 1.0f + std::fabs(u[j] - threshold) * (2.0f / width);
                out[j] += 1.0f / (width * (x * x));
            }
            return;
        case SIGMOID:
            for (int64_t j = 0; j < count; ++j) {
                const float k = 4.0f / width;
                const float p = 1.0f / (1.0f + std::exp(-k * (u[j] - threshold)));
                out[j] += k * p * (1.0f - p);
            }
            return;
        default:
            for (int64_t j = 0; j < count; ++j) {
                const float k = 2.0f / width;
                const float x = std::tanh(k * (u[j] - threshold));
                out[j] += (1.0f - x * x) * (k / 2.0f);
            }
    }
}
