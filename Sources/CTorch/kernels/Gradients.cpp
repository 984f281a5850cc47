// The gradients of the steps of Steps.cpp and of cross-entropy.
#ifdef CT_LANES

/// y = w x s with s = 1 / sqrt(mean(x^2) + epsilon): dx = s (w g) - x s^3 mean(w g x).
template <class T>
void norm(const T *given, const T *x, const T *weight, T *out, int64_t count, float epsilon) {
  Vector squares = 0, products = 0;
  each(count, [&](int64_t i, int64_t own) {
    Vector value = load(x + i, own);
    squares += value * value;
    products += load(given + i, own) * load(weight + i, own) * value;
  });
  float scale = 1.0f / std::sqrt(sum(squares) / static_cast<float>(count) + epsilon);
  float along = scale * scale * scale * sum(products) / static_cast<float>(count);
  each(count, [&](int64_t i, int64_t own) {
    Vector slope = load(given + i, own) * load(weight + i, own);
    store(out + i, scale * slope - along * load(x + i, own), own);
  });
}

/// y1 = x1 c1 - x2 s1 and y2 = x2 c2 + x1 s2 for the halves 1 and 2.
template <class T>
void rotate(const T *given, const T *cosines, const T *sines, T *out, int64_t dim) {
  int64_t half = dim / 2;
  each(half, [&](int64_t i, int64_t own) {
    Vector first = load(given + i, own), second = load(given + i + half, own);
    store(out + i, first * load(cosines + i, own) + second * load(sines + i + half, own), own);
    store(out + i + half, second * load(cosines + i + half, own) - first * load(sines + i, own), own);
  });
}

template <class T>
void gate(const T *given, const T *gates, const T *up, T *by_gate, T *by_up, int64_t count) {
  each(count, [&](int64_t i, int64_t own) {
    Vector x = load(gates + i, own), slope = load(given + i, own);
    Vector open = 1.0f / (1.0f + exponential(-x));
    store(by_up + i, slope * x * open, own);
    store(by_gate + i, slope * load(up + i, own) * open * (1.0f + x * (1.0f - open)), own);
  });
}

template <class T>
float log_sum_exp(const T *x, int64_t count) {
  float largest = x[0];
  for (int64_t i = 1; i < count; i++) largest = std::max<float>(largest, x[i]);
  Vector total = 0;
  int64_t whole = count / lanes * lanes;
  each(whole, [&](int64_t i, int64_t) { total += exponential(load(x + i) - largest); });
  float all = sum(total);
  for (int64_t i = whole; i < count; i++) all += exponential(static_cast<float>(x[i]) - largest);
  return largest + std::log(all);
}

template <class T>
void softmax(const T *x, T *out, int64_t count, int64_t target, float sum, float scale) {
  each(count, [&](int64_t i, int64_t own) { store(out + i, scale * exponential(load(x + i, own) - sum), own); });
  out[target] = scale * (exponential(static_cast<float>(x[target]) - sum) - 1.0f);
}

void norm_rows(const at::Tensor &given, const at::Tensor &x, const at::Tensor &weight, at::Tensor &out, float epsilon) {
  int64_t width = weight.numel();
  by_type(x, [&](auto number) {
    using T = decltype(number);
    auto *g = data<T>(given), *from = data<T>(x), *by = data<T>(weight);
    auto *to = writable<T>(out);
    each_row(x.numel() / width, width, [&](int64_t row) {
      int64_t own = row * width;
      norm(g + own, from + own, by, to + own, width, epsilon);
    });
  });
}

void rotate_rows(const at::Tensor &given, const at::Tensor &cosines, const at::Tensor &sines, at::Tensor &out) {
  int64_t heads = given.size(1), dim = given.size(2);
  by_type(given, [&](auto number) {
    using T = decltype(number);
    auto *g = data<T>(given), *c = data<T>(cosines), *s = data<T>(sines);
    auto *to = writable<T>(out);
    each_row(given.size(0) * heads, dim, [&](int64_t row) {
      int64_t own = row * dim, angle = row / heads * dim;
      rotate(g + own, c + angle, s + angle, to + own, dim);
    });
  });
}

void gate_all(const at::Tensor &given, const at::Tensor &gates, const at::Tensor &up, at::Tensor &by_gate,
              at::Tensor &by_up) {
  by_type(gates, [&](auto number) {
    using T = decltype(number);
    parallel_for(0, gates.numel(), elements_a_thread, [&](int64_t begin, int64_t end) {
      gate(data<T>(given) + begin, data<T>(gates) + begin, data<T>(up) + begin, writable<T>(by_gate) + begin,
           writable<T>(by_up) + begin, end - begin);
    });
  });
}

void log_sum_exp_rows(const at::Tensor &logits, at::Tensor &sums) {
  int64_t width = logits.size(1);
  by_type(logits, [&](auto number) {
    using T = decltype(number);
    each_row(logits.size(0), width,
             [&](int64_t row) { writable<float>(sums)[row] = log_sum_exp(data<T>(logits) + row * width, width); });
  });
}

void cross_entropy_rows(const at::Tensor &logits, const at::Tensor &sums, const at::Tensor &targets, int64_t ignored,
                        float scale, at::Tensor &out) {
  int64_t width = logits.size(1);
  by_type(logits, [&](auto number) {
    using T = decltype(number);
    each_row(logits.size(0), width, [&](int64_t row) {
      int64_t own = row * width, target = data<int64_t>(targets)[row];
      if (target != ignored)
        softmax(data<T>(logits) + own, writable<T>(out) + own, width, target, data<float>(sums)[row], scale);
    });
  });
}

#else

#include "Gradients.h"
#include "Kernels.h"

#define CT_SOURCE "Gradients.cpp"
#include "each_isa.h"

namespace ct {

at::Tensor rms_norm_gradient(const at::Tensor &given, const at::Tensor &x, const at::Tensor &weight, double epsilon) {
  at::Tensor out = at::empty_like(x);
  CT_CHOSEN(norm_rows)(given, x, weight, out, static_cast<float>(epsilon));
  return out;
}

at::Tensor rotate_gradient(const at::Tensor &given, const at::Tensor &cosines, const at::Tensor &sines) {
  at::Tensor out = at::empty_like(given);
  CT_CHOSEN(rotate_rows)(given, cosines, sines, out);
  return out;
}

std::pair<at::Tensor, at::Tensor> gated_silu_gradient(const at::Tensor &given, const at::Tensor &gates,
                                                      const at::Tensor &up) {
  at::Tensor by_gate = at::empty_like(gates), by_up = at::empty_like(up);
  CT_CHOSEN(gate_all)(given, gates, up, by_gate, by_up);
  return {by_gate, by_up};
}

at::Tensor log_sum_exp(const at::Tensor &logits) {
  at::Tensor sums = at::empty({logits.size(0)}, logits.options().dtype(at::kFloat));
  CT_CHOSEN(log_sum_exp_rows)(logits, sums);
  return sums;
}

at::Tensor cross_entropy_gradient(const at::Tensor &logits, const at::Tensor &sums, const at::Tensor &targets,
                                  int64_t ignored, double scale) {
  at::Tensor out = at::zeros_like(logits);
  CT_CHOSEN(cross_entropy_rows)(logits, sums, targets, ignored, static_cast<float>(scale), out);
  return out;
}

}  // namespace ct
#endif
