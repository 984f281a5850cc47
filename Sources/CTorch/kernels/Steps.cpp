// The element-wise steps between a model's matrix products, each in one pass over memory instead of several.
//
// They give what the composed operations give, rounded at the same places, and know floating-point numbers of up to 32 bits
// on the CPU; for everything else, and while gradients are recorded, results are undefined tensors and the caller composes.
#ifdef CT_LANES

template <class T>
inline float mean_square(const T *x, int64_t count) {
  Vector squares = 0;
  each(count, [&](int64_t i, int64_t own) {
    Vector value = load(x + i, own);
    squares += value * value;
  });
  return sum(squares) / static_cast<float>(count);
}

template <class T>
void norm(const T *x, const T *weight, T *out, int64_t count, float epsilon) {
  float scale = 1.0f / std::sqrt(mean_square(x, count) + epsilon);
  each(count, [&](int64_t i, int64_t own) {
    store(out + i, rounded<T>(load(x + i, own) * scale) * load(weight + i, own), own);
  });
}

template <class T>
void rotate(const T *x, const T *cosines, const T *sines, T *out, int64_t dim) {
  int64_t half = dim / 2;
  each(half, [&](int64_t i, int64_t own) {
    Vector first = load(x + i, own), second = load(x + i + half, own);
    Vector turned = rounded<T>(second * load(sines + i, own));
    store(out + i, rounded<T>(first * load(cosines + i, own)) - turned, own);
    turned = rounded<T>(first * load(sines + i + half, own));
    store(out + i + half, rounded<T>(second * load(cosines + i + half, own)) + turned, own);
  });
}

template <class T>
void gate(const T *gates, const T *up, T *out, int64_t count) {
  each(count, [&](int64_t i, int64_t own) {
    Vector x = load(gates + i, own);
    store(out + i, rounded<T>(x / (1.0f + exponential(-x))) * load(up + i, own), own);
  });
}

void norm_rows(const at::Tensor &x, const at::Tensor &weight, at::Tensor &out, float epsilon) {
  int64_t width = weight.numel();
  by_type(x, [&](auto number) {
    using T = decltype(number);
    auto *from = data<T>(x), *by = data<T>(weight);
    auto *to = writable<T>(out);
    each_row(x.numel() / width, width,
             [&](int64_t row) { norm(from + row * width, by, to + row * width, width, epsilon); });
  });
}

void rotate_rows(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines, at::Tensor &out) {
  int64_t heads = x.size(1), dim = x.size(2);
  by_type(x, [&](auto number) {
    using T = decltype(number);
    auto *from = data<T>(x), *c = data<T>(cosines), *s = data<T>(sines);
    auto *to = writable<T>(out);
    each_row(x.size(0) * heads, dim, [&](int64_t row) {
      int64_t own = row * dim, angle = row / heads * dim;
      rotate(from + own, c + angle, s + angle, to + own, dim);
    });
  });
}

void gate_all(const at::Tensor &gates, const at::Tensor &up, at::Tensor &out) {
  by_type(gates, [&](auto number) {
    using T = decltype(number);
    parallel_for(0, gates.numel(), elements_a_thread, [&](int64_t begin, int64_t end) {
      gate(data<T>(gates) + begin, data<T>(up) + begin, writable<T>(out) + begin, end - begin);
    });
  });
}

#else

#include "Kernels.h"

#define CT_SOURCE "Steps.cpp"
#include "each_isa.h"

namespace ct {

namespace {

/// Whether the loops above can read the tensors, and no gradients are wanted.
bool fusible(std::initializer_list<const at::Tensor *> tensors) { return !recording_gradients && readable(tensors); }

}  // namespace

at::Tensor fused_rms_norm(const at::Tensor &x, const at::Tensor &weight, double epsilon) {
  if (!fusible({&x, &weight}) || x.dim() < 1 || weight.dim() != 1 || x.size(-1) != weight.size(0)) return {};
  at::Tensor out = at::empty_like(x);
  CT_CHOSEN(norm_rows)(x, weight, out, static_cast<float>(epsilon));
  return out;
}

at::Tensor fused_rotate(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines) {
  if (!fusible({&x, &cosines, &sines}) || x.dim() != 3 || x.size(2) % 2 != 0) return {};
  int64_t table[] = {x.size(0), x.size(2)};
  if (cosines.sizes() != at::IntArrayRef(table) || sines.sizes() != at::IntArrayRef(table)) return {};
  at::Tensor out = at::empty_like(x);
  CT_CHOSEN(rotate_rows)(x, cosines, sines, out);
  return out;
}

at::Tensor fused_gated_silu(const at::Tensor &gates, const at::Tensor &up) {
  if (!fusible({&gates, &up}) || gates.sizes() != up.sizes()) return {};
  at::Tensor out = at::empty_like(gates);
  CT_CHOSEN(gate_all)(gates, up, out);
  return out;
}

}  // namespace ct
#endif
