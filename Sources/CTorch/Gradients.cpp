#include "Gradients.h"

#include <cmath>

#include "Elements.h"
#include "Parallel.h"

namespace ct {

namespace {

/// y = w x s with s = 1 / sqrt(mean(x^2) + epsilon): dx = s (w g) - x s^3 mean(w g x).
template <class T>
CT_PART void norm_row(const typename T::Stored *given, const typename T::Stored *x, const typename T::Stored *weight,
                      typename T::Stored *out, int64_t count, float epsilon) {
  float lanes[16] = {0};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int lane = 0; lane < 16; lane++)
      lanes[lane] += T::load(given[i + lane]) * T::load(weight[i + lane]) * T::load(x[i + lane]);
  for (; i < count; i++) lanes[0] += T::load(given[i]) * T::load(weight[i]) * T::load(x[i]);
  float sum = 0;
  for (float lane : lanes) sum += lane;
  float scale = 1.0f / std::sqrt(mean_square<T>(x, count) + epsilon);
  float along = scale * scale * scale * sum / static_cast<float>(count);
  for (i = 0; i < count; i++)
    out[i] = T::store(scale * (T::load(given[i]) * T::load(weight[i])) - along * T::load(x[i]));
}

/// y1 = x1 c1 - x2 s1 and y2 = x2 c2 + x1 s2 for the halves 1 and 2.
template <class T>
CT_PART void rotate_row(const typename T::Stored *given, const typename T::Stored *cosines,
                        const typename T::Stored *sines, typename T::Stored *out, int64_t dim) {
  int64_t half = dim / 2;
  for (int64_t i = 0; i < half; i++) {
    float first = T::load(given[i]), second = T::load(given[i + half]);
    out[i] = T::store(first * T::load(cosines[i]) + second * T::load(sines[i + half]));
    out[i + half] = T::store(second * T::load(cosines[i + half]) - first * T::load(sines[i]));
  }
}

template <class T>
CT_PART void gate_range(const typename T::Stored *given, const typename T::Stored *gate, const typename T::Stored *up,
                        typename T::Stored *by_gate, typename T::Stored *by_up, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float x = T::load(gate[i]), slope = T::load(given[i]);
    float open = 1.0f / (1.0f + exponential(-x));
    by_up[i] = T::store(slope * x * open);
    by_gate[i] = T::store(slope * T::load(up[i]) * open * (1.0f + x * (1.0f - open)));
  }
}

template <class T>
CT_PART float sum_exp_row(const typename T::Stored *x, int64_t count) {
  float largest = T::load(x[0]), sums[16] = {0};
  for (int64_t i = 1; i < count; i++) largest = T::load(x[i]) > largest ? T::load(x[i]) : largest;
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int lane = 0; lane < 16; lane++) sums[lane] += exponential(T::load(x[i + lane]) - largest);
  for (; i < count; i++) sums[0] += exponential(T::load(x[i]) - largest);
  float sum = 0;
  for (float lane : sums) sum += lane;
  return largest + std::log(sum);
}

template <class T>
CT_PART void softmax_row(const typename T::Stored *x, typename T::Stored *out, int64_t count, int64_t target, float sum,
                         float scale) {
  for (int64_t i = 0; i < count; i++) out[i] = T::store(scale * exponential(T::load(x[i]) - sum));
  out[target] = T::store(scale * (exponential(T::load(x[target]) - sum) - 1.0f));
}

// Templates cannot be cloned by instruction set, so each body is named once for each element type.
CT_VECTORISED void norm(const float *g, const float *x, const float *w, float *out, int64_t n, float e) {
  norm_row<Float32>(g, x, w, out, n, e);
}
CT_VECTORISED void norm(const uint16_t *g, const uint16_t *x, const uint16_t *w, uint16_t *out, int64_t n, float e) {
  norm_row<BFloat16>(g, x, w, out, n, e);
}
CT_VECTORISED void rotate(const float *g, const float *c, const float *s, float *out, int64_t dim) {
  rotate_row<Float32>(g, c, s, out, dim);
}
CT_VECTORISED void rotate(const uint16_t *g, const uint16_t *c, const uint16_t *s, uint16_t *out, int64_t dim) {
  rotate_row<BFloat16>(g, c, s, out, dim);
}
CT_VECTORISED void gate(const float *g, const float *x, const float *up, float *dx, float *dup, int64_t n) {
  gate_range<Float32>(g, x, up, dx, dup, n);
}
CT_VECTORISED void gate(const uint16_t *g, const uint16_t *x, const uint16_t *up, uint16_t *dx, uint16_t *dup,
                        int64_t n) {
  gate_range<BFloat16>(g, x, up, dx, dup, n);
}
CT_VECTORISED float sum_exp(const float *x, int64_t n) { return sum_exp_row<Float32>(x, n); }
CT_VECTORISED float sum_exp(const uint16_t *x, int64_t n) { return sum_exp_row<BFloat16>(x, n); }
CT_VECTORISED void softmax(const float *x, float *out, int64_t n, int64_t target, float sum, float scale) {
  softmax_row<Float32>(x, out, n, target, sum, scale);
}
CT_VECTORISED void softmax(const uint16_t *x, uint16_t *out, int64_t n, int64_t target, float sum, float scale) {
  softmax_row<BFloat16>(x, out, n, target, sum, scale);
}

template <class Stored>
Stored *writable(at::Tensor &t) { return static_cast<Stored *>(t.mutable_data_ptr()); }

/// Calls `body` with a number of the type that `t` stores.
template <class Body>
void by_type(const at::Tensor &t, Body body) {
  t.scalar_type() == at::kFloat ? body(float{}) : body(uint16_t{});
}

}  // namespace

at::Tensor rms_norm_gradient(const at::Tensor &given, const at::Tensor &x, const at::Tensor &weight, double epsilon) {
  at::Tensor out = at::empty_like(x);
  int64_t width = weight.numel();
  by_type(x, [&](auto number) {
    using Stored = decltype(number);
    auto *g = data<Stored>(given), *from = data<Stored>(x), *scale = data<Stored>(weight);
    auto *to = writable<Stored>(out);
    parallel_for(0, x.numel() / width, rows_a_thread(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++)
        norm(g + row * width, from + row * width, scale, to + row * width, width, static_cast<float>(epsilon));
    });
  });
  return out;
}

at::Tensor rotate_gradient(const at::Tensor &given, const at::Tensor &cosines, const at::Tensor &sines) {
  at::Tensor out = at::empty_like(given);
  int64_t heads = given.size(1), dim = given.size(2);
  by_type(given, [&](auto number) {
    using Stored = decltype(number);
    auto *g = data<Stored>(given), *c = data<Stored>(cosines), *s = data<Stored>(sines);
    auto *to = writable<Stored>(out);
    parallel_for(0, given.size(0) * heads, rows_a_thread(dim), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++)
        rotate(g + row * dim, c + row / heads * dim, s + row / heads * dim, to + row * dim, dim);
    });
  });
  return out;
}

std::pair<at::Tensor, at::Tensor> gated_silu_gradient(const at::Tensor &given, const at::Tensor &gates,
                                                      const at::Tensor &up) {
  at::Tensor by_gate = at::empty_like(gates), by_up = at::empty_like(up);
  by_type(gates, [&](auto number) {
    using Stored = decltype(number);
    auto *g = data<Stored>(given), *x = data<Stored>(gates), *u = data<Stored>(up);
    auto *to = writable<Stored>(by_gate), *to_up = writable<Stored>(by_up);
    parallel_for(0, gates.numel(), grain, [&](int64_t begin, int64_t end) {
      gate(g + begin, x + begin, u + begin, to + begin, to_up + begin, end - begin);
    });
  });
  return {by_gate, by_up};
}

at::Tensor log_sum_exp(const at::Tensor &logits) {
  at::Tensor sums = at::empty({logits.size(0)}, logits.options().dtype(at::kFloat));
  int64_t width = logits.size(1);
  by_type(logits, [&](auto number) {
    using Stored = decltype(number);
    auto *from = data<Stored>(logits);
    auto *to = writable<float>(sums);
    parallel_for(0, logits.size(0), rows_a_thread(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) to[row] = sum_exp(from + row * width, width);
    });
  });
  return sums;
}

at::Tensor cross_entropy_gradient(const at::Tensor &logits, const at::Tensor &sums, const at::Tensor &targets,
                                  int64_t ignored, double scale) {
  at::Tensor out = at::zeros_like(logits);
  int64_t width = logits.size(1);
  auto *chosen = data<int64_t>(targets);
  auto *sum = data<float>(sums);
  by_type(logits, [&](auto number) {
    using Stored = decltype(number);
    auto *from = data<Stored>(logits);
    auto *to = writable<Stored>(out);
    parallel_for(0, logits.size(0), rows_a_thread(width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++)
        if (chosen[row] != ignored)
          softmax(from + row * width, to + row * width, width, chosen[row], sum[row], static_cast<float>(scale));
    });
  });
  return out;
}

}  // namespace ct
