// The element-wise steps between a model's matrix products, each in one pass over memory instead of several.
//
// They give what the composed operations give, rounded at the same places, and know float32 and bfloat16 on the CPU;
// for everything else, and while gradients are recorded, `fused` results are undefined tensors and the caller composes.
#include "Fused.h"

#include <cmath>
#include <vector>

#include "Elements.h"
#include "Parallel.h"

namespace ct {

namespace {

template <class T>
CT_PART void norm_row(const typename T::Stored *x, const typename T::Stored *weight, typename T::Stored *out,
                      int64_t count, float epsilon) {
  float scale = 1.0f / std::sqrt(mean_square<T>(x, count) + epsilon);
  for (int64_t i = 0; i < count; i++) out[i] = T::store(rounded<T>(T::load(x[i]) * scale) * T::load(weight[i]));
}

/// A weight in float32 is multiplied before the one rounding.
CT_PART void norm_row_wide(const uint16_t *x, const float *weight, uint16_t *out, int64_t count, float epsilon) {
  float scale = 1.0f / std::sqrt(mean_square<BFloat16>(x, count) + epsilon);
  for (int64_t i = 0; i < count; i++) out[i] = BFloat16::store(BFloat16::load(x[i]) * scale * weight[i]);
}

template <class T>
CT_PART void rotate_row(const typename T::Stored *x, const typename T::Stored *cosines,
                       const typename T::Stored *sines, typename T::Stored *out, int64_t dim) {
  int64_t half = dim / 2;
  for (int64_t i = 0; i < half; i++) {
    float first = T::load(x[i]), second = T::load(x[i + half]);
    out[i] = T::store(rounded<T>(first * T::load(cosines[i])) + rounded<T>(-second * T::load(sines[i])));
    out[i + half] = T::store(rounded<T>(second * T::load(cosines[i + half])) +
                             rounded<T>(first * T::load(sines[i + half])));
  }
}

template <class T>
CT_PART void gate_range(const typename T::Stored *gate, const typename T::Stored *up, typename T::Stored *out,
                       int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float x = T::load(gate[i]);
    out[i] = T::store(rounded<T>(x / (1.0f + exponential(-x))) * T::load(up[i]));
  }
}

// Templates cannot be cloned by instruction set, so each body is named once for each element type.
CT_VECTORISED void norm(const float *x, const float *w, float *out, int64_t n, float e) {
  norm_row<Float32>(x, w, out, n, e);
}
CT_VECTORISED void norm(const uint16_t *x, const uint16_t *w, uint16_t *out, int64_t n, float e) {
  norm_row<BFloat16>(x, w, out, n, e);
}
CT_VECTORISED void norm(const uint16_t *x, const float *w, uint16_t *out, int64_t n, float e) {
  norm_row_wide(x, w, out, n, e);
}
CT_VECTORISED void rotate(const float *x, const float *c, const float *s, float *out, int64_t dim) {
  rotate_row<Float32>(x, c, s, out, dim);
}
CT_VECTORISED void rotate(const uint16_t *x, const uint16_t *c, const uint16_t *s, uint16_t *out, int64_t dim) {
  rotate_row<BFloat16>(x, c, s, out, dim);
}
CT_VECTORISED void gate(const float *g, const float *up, float *out, int64_t n) { gate_range<Float32>(g, up, out, n); }
CT_VECTORISED void gate(const uint16_t *g, const uint16_t *up, uint16_t *out, int64_t n) {
  gate_range<BFloat16>(g, up, out, n);
}

/// Sums products in 16 lanes, which vectorise, and then over the lanes.
CT_PART float dot(const float *a, const float *b, int64_t count) {
  float lanes[16] = {0};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int lane = 0; lane < 16; lane++) lanes[lane] += a[i + lane] * b[i + lane];
  for (; i < count; i++) lanes[0] += a[i] * b[i];
  float sum = 0;
  for (float lane : lanes) sum += lane;
  return sum;
}

/// How the scores of one query are made.
struct Scores {
  float scale, cap;
  const float *sink;  // or null
};

/// One query over `count` keys and values, `stride` numbers apart; `weights` has room for `count`.
CT_VECTORISED void attend(const float *q, const float *k, const float *v, float *out, float *weights, int64_t count,
                          int64_t stride, int64_t dim, Scores how) {
  for (int64_t t = 0; t < count; t++) weights[t] = dot(q, k + t * stride, dim) * how.scale;
  if (how.cap > 0)
    for (int64_t t = 0; t < count; t++) weights[t] = how.cap * std::tanh(weights[t] / how.cap);
  float largest = how.sink ? *how.sink : -INFINITY;
  for (int64_t t = 0; t < count; t++) largest = std::max(largest, weights[t]);
  float sum = how.sink ? exponential(*how.sink - largest) : 0;
  for (int64_t i = 0; i < dim; i++) out[i] = 0;
  for (int64_t t = 0; t < count; t++) {
    float weight = exponential(weights[t] - largest);
    sum += weight;
    for (int64_t i = 0; i < dim; i++) out[i] += weight * v[t * stride + i];
  }
  for (int64_t i = 0; i < dim; i++) out[i] /= sum;
}

template <class Stored, class Weight = Stored>
at::Tensor norm_all(const at::Tensor &x, const at::Tensor &weight, double epsilon) {
  at::Tensor out = at::empty_like(x);
  int64_t width = weight.numel();
  auto *from = data<Stored>(x);
  auto *scale = data<Weight>(weight);
  auto *to = static_cast<Stored *>(out.mutable_data_ptr());
  parallel_for(0, x.numel() / width, rows_a_thread(width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++)
      norm(from + row * width, scale, to + row * width, width, static_cast<float>(epsilon));
  });
  return out;
}

template <class Stored>
at::Tensor rotate_all(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines) {
  at::Tensor out = at::empty_like(x);
  int64_t heads = x.size(1), dim = x.size(2), turned = cosines.size(1);
  auto *from = data<Stored>(x), *c = data<Stored>(cosines), *s = data<Stored>(sines);
  auto *to = static_cast<Stored *>(out.mutable_data_ptr());
  parallel_for(0, x.size(0) * heads, rows_a_thread(dim), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      rotate(from + row * dim, c + row / heads * turned, s + row / heads * turned, to + row * dim, turned);
      std::copy(from + row * dim + turned, from + (row + 1) * dim, to + row * dim + turned);
    }
  });
  return out;
}

template <class Stored>
at::Tensor gate_all(const at::Tensor &gates, const at::Tensor &up) {
  at::Tensor out = at::empty_like(gates);
  auto *g = data<Stored>(gates), *u = data<Stored>(up);
  auto *to = static_cast<Stored *>(out.mutable_data_ptr());
  parallel_for(0, gates.numel(), grain,
                   [&](int64_t begin, int64_t end) { gate(g + begin, u + begin, to + begin, end - begin); });
  return out;
}

/// Whether the loops above can read the tensors, and no gradients are wanted.
bool fusible(std::initializer_list<const at::Tensor *> tensors) { return !recording_gradients && readable(tensors); }

}  // namespace

at::Tensor decode_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const int64_t *lengths,
                            int64_t window, const ct_scores &scores) {
  const float *sinks = sinks_of(scores);
  at::Tensor queries = q.contiguous(), out = at::empty_like(queries);
  int64_t heads = q.size(1), group = q.size(2), dim = q.size(3);
  auto *from = data<float>(queries), *keys = data<float>(k), *values = data<float>(v);
  auto *to = static_cast<float *>(out.mutable_data_ptr());
  parallel_for(0, q.size(0) * heads, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> weights(k.size(2));
    for (int64_t i = begin; i < end; i++) {
      int64_t slot = i / heads, length = lengths[slot], first = window > 0 ? std::max<int64_t>(0, length - window) : 0;
      int64_t place = slot * k.stride(0) + i % heads * k.stride(1) + first * k.stride(2);
      for (int64_t j = i * group; j < (i + 1) * group; j++)
        attend(from + j * dim, keys + place, values + place, to + j * dim, weights.data(), length - first, k.stride(2),
               dim,
               Scores{static_cast<float>(scores.scale), static_cast<float>(scores.cap),
                      sinks ? sinks + j % (heads * group) : nullptr});
    }
  });
  return out;
}

at::Tensor fused_rms_norm(const at::Tensor &x, const at::Tensor &weight, double epsilon) {
  if (x.scalar_type() == at::kBFloat16 && weight.scalar_type() == at::kFloat) {
    bool fits = !recording_gradients && readable({&x}) && readable({&weight}) && weight.dim() == 1 && x.dim() > 0 &&
                x.size(-1) == weight.size(0);
    return fits ? norm_all<uint16_t, float>(x, weight, epsilon) : at::Tensor();
  }
  if (!fusible({&x, &weight}) || x.dim() < 1 || weight.dim() != 1 || x.size(-1) != weight.size(0)) return {};
  return x.scalar_type() == at::kFloat ? norm_all<float>(x, weight, epsilon) : norm_all<uint16_t>(x, weight, epsilon);
}

at::Tensor fused_rotate(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines) {
  if (!fusible({&x, &cosines, &sines}) || x.dim() != 3 || cosines.dim() != 2) return {};
  bool fits = cosines.size(0) == x.size(0) && cosines.size(1) <= x.size(2) && cosines.size(1) % 2 == 0;
  if (!fits || cosines.sizes() != sines.sizes()) return {};
  return x.scalar_type() == at::kFloat ? rotate_all<float>(x, cosines, sines)
                                       : rotate_all<uint16_t>(x, cosines, sines);
}

at::Tensor fused_gated_silu(const at::Tensor &gate, const at::Tensor &up) {
  if (!fusible({&gate, &up}) || gate.sizes() != up.sizes()) return {};
  return gate.scalar_type() == at::kFloat ? gate_all<float>(gate, up) : gate_all<uint16_t>(gate, up);
}

}  // namespace ct
