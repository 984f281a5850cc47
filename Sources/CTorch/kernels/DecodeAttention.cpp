// Attention of one new token a sequence over its keys and values: every key and value is read once for up to four of the
// query heads that share it, and a sequence's sums do not depend on the sequences beside it.
#ifdef CT_LANES

/// The keys and values of one key-value head of a sequence, `stride` numbers apart, and the query heads that share them.
template <class T>
struct Head {
  const T *queries, *keys, *values;
  T *out;
  int64_t count, stride, dim;
  float scale;
};

/// Products of `Queries` queries with one key.
template <int Queries, class T>
inline void multiply(const Head<T> &h, const T *key, Vector (&sums)[Queries]) {
  for (Vector &own : sums) own = 0;
  if constexpr (By<T>::unit > 1)
    if (h.dim % By<T>::step == 0) {
      for (int64_t i = 0; i < h.dim; i += By<T>::step)
        for (int j = 0; j < Queries; j++)
          sums[j] = By<T>::add(sums[j], By<T>::row(h.queries + j * h.dim + i), By<T>::row(key + i));
      return;
    }
  each(h.dim, [&](int64_t i, int64_t own) {
    Vector numbers = load(key + i, own);
    for (int j = 0; j < Queries; j++) sums[j] += load(h.queries + j * h.dim + i, own) * numbers;
  });
}

/// Scores into weights that are yet to be divided by their sum, which is returned.
inline float weigh(float *scores, int64_t count) {
  float largest = -INFINITY;
  for (int64_t t = 0; t < count; t++) largest = std::max(largest, scores[t]);
  Vector total = 0;
  int64_t whole = count / lanes * lanes;
  each(whole, [&](int64_t t, int64_t) {
    Vector weights = exponential(load(scores + t) - largest);
    store(scores + t, weights);
    total += weights;
  });
  float all = sum(total);
  for (int64_t t = whole; t < count; t++) all += scores[t] = exponential(scores[t] - largest);
  return all;
}

/// The values' weighted means of the numbers from `i` on, `own` of them, rounded into out [Queries][dim].
template <int Queries, class T>
inline void mix(const Head<T> &h, const float *weights, const float *totals, int64_t i, int64_t own) {
  Vector sums[Queries] = {};
  for (int64_t t = 0; t < h.count; t++) {
    Vector value = load(h.values + t * h.stride + i, own);
    for (int j = 0; j < Queries; j++) sums[j] += weights[j * h.count + t] * value;
  }
  for (int j = 0; j < Queries; j++) store(h.out + j * h.dim + i, sums[j] / totals[j], own);
}

template <int Queries, class T>
void attend(const Head<T> &h, float *scores) {
  for (int64_t t = 0; t < h.count; t++) {
    Vector sums[Queries];
    multiply(h, h.keys + t * h.stride, sums);
    for (int j = 0; j < Queries; j++) scores[j * h.count + t] = sum(sums[j]) * h.scale;
  }
  float totals[Queries];
  for (int j = 0; j < Queries; j++) totals[j] = weigh(scores + j * h.count, h.count);
  each(h.dim, [&](int64_t i, int64_t own) { mix<Queries>(h, scores, totals, i, own); });
}

/// All query heads of a key-value head, four at a time.
template <class T>
void attend(Head<T> h, int64_t queries, float *scores) {
  auto advance = [&](int64_t count) {
    h.queries += count * h.dim;
    h.out += count * h.dim;
    queries -= count;
  };
  for (; queries >= 4; advance(4)) attend<4>(h, scores);
  for (; queries > 0; advance(1)) attend<1>(h, scores);
}

void attend_all(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, at::Tensor &out, const int64_t *lengths,
                int64_t window, float scale) {
  int64_t heads = q.size(1), group = q.size(2), dim = q.size(3), longest = k.size(2);
  int64_t share = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, group * dim * longest));
  by_type(q, [&](auto number) {
    using T = decltype(number);
    parallel_for(0, q.size(0) * heads, share, [&](int64_t begin, int64_t end) {
      std::vector<float> scores(4 * longest);
      for (int64_t i = begin; i < end; i++) {
        int64_t length = lengths[i / heads], first = window > 0 ? std::max<int64_t>(0, length - window) : 0;
        int64_t place = i / heads * k.stride(0) + i % heads * k.stride(1) + first * k.stride(2), own = i * group * dim;
        attend(Head<T>{data<T>(q) + own, data<T>(k) + place, data<T>(v) + place, writable<T>(out) + own, length - first,
                       k.stride(2), dim, scale},
               group, scores.data());
      }
    });
  });
}

#else

#include "Kernels.h"

#define CT_SOURCE "DecodeAttention.cpp"
#include "each_isa.h"

namespace ct {

at::Tensor decode_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const int64_t *lengths,
                            int64_t window, double scale) {
  at::Tensor queries = q.contiguous(), out = at::empty_like(queries);
  CT_CHOSEN(attend_all)(queries, k, v, out, lengths, window, static_cast<float>(scale));
  return out;
}

}  // namespace ct
#endif
