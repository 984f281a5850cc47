// Numbers as the loops of this folder read and write them.
#pragma once
#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
// One body compiled for several instruction sets; the loader picks the best the processor has.
#define CT_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CT_VECTORISED
#endif
/// What such a body calls must become part of it: on its own it would be compiled for the oldest processors.
#define CT_PART __attribute__((always_inline)) inline

namespace ct {

struct Float32 {
  using Stored = float;
  CT_PART static float load(float x) { return x; }
  CT_PART static float store(float x) { return x; }
};

/// bfloat16 as its bits, so that the compiler can vectorise the conversions: the upper half of a float32, rounded to
/// nearest even. A NaN's payload is kept away from overflowing into infinity by the quiet bit.
struct BFloat16 {
  using Stored = uint16_t;
  CT_PART static float load(uint16_t x) {
    uint32_t bits = static_cast<uint32_t>(x) << 16;
    float result;
    std::memcpy(&result, &bits, 4);
    return result;
  }
  CT_PART static uint16_t store(float x) {
    uint32_t bits;
    std::memcpy(&bits, &x, 4);
    uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    return static_cast<uint16_t>(x != x ? 0x7FC0 : rounded);
  }
};

template <class T>
CT_PART float rounded(float x) { return T::load(T::store(x)); }

/// e^x by 2^n e^r, |r| <= ln 2 / 2, the series of e^r to the seventh power (relative error about 2^-23), for x in
/// [-87, 88]; beyond, the value at the end of that range. NaN gives NaN.
CT_PART float exponential(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the lowest bits, which vectorises.
  float shifted = x * 1.44269504f + 12582912.0f;
  float n = shifted - 12582912.0f;
  float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;  // ln 2 in two parts
  float p = 1.0f / 5040;
  for (float inverse_factorial : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f})
    p = p * r + inverse_factorial;
  uint32_t bits;
  std::memcpy(&bits, &shifted, 4);
  bits = (bits + 127) << 23;
  float power;
  std::memcpy(&power, &bits, 4);
  return p * power;
}

/// Sums squares in 16 lanes, which vectorise, and then over the lanes.
template <class T>
CT_PART float mean_square(const typename T::Stored *x, int64_t count) {
  float lanes[16] = {0};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int lane = 0; lane < 16; lane++) {
      float value = T::load(x[i + lane]);
      lanes[lane] += value * value;
    }
  for (; i < count; i++) lanes[0] += T::load(x[i]) * T::load(x[i]);
  float sum = 0;
  for (float lane : lanes) sum += lane;
  return sum / static_cast<float>(count);
}

/// Elements that are worth a thread of their own.
constexpr int64_t grain = 32768;

inline int64_t rows_a_thread(int64_t width) { return std::max<int64_t>(1, grain / std::max<int64_t>(1, width)); }

template <class Stored>
const Stored *data(const at::Tensor &t) { return static_cast<const Stored *>(t.const_data_ptr()); }

/// Whether the tensors are what the loops can read: one element type of float32 and bfloat16, row-major, on the CPU.
inline bool readable(std::initializer_list<const at::Tensor *> tensors) {
  at::ScalarType type = (*tensors.begin())->scalar_type();
  if (type != at::kFloat && type != at::kBFloat16) return false;
  for (const at::Tensor *t : tensors)
    if (!t->is_cpu() || !t->is_contiguous() || t->scalar_type() != type || t->numel() == 0) return false;
  return true;
}

}  // namespace ct
