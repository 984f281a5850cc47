// Attention of one new token a sequence over its keys and values in bfloat16: every key and value is read once for all the
// query heads that share it, and a sequence's sums do not depend on the sequences beside it.
#include <cmath>
#include <vector>

#include "Fused.h"
#include "Parallel.h"

#if defined(__x86_64__) && defined(__clang__)
#include <immintrin.h>
#define CT_BFLOAT16_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

namespace ct {

namespace {

/// The keys and values of one key-value head of a sequence, `stride` numbers apart, and the query heads that share them.
struct Head {
  const uint16_t *queries, *keys, *values;
  uint16_t *out;
  int64_t count, stride, dim;
  float scale, cap;    // no cap: 0
  const float *sinks;  // of these query heads, or null
};

CT_BFLOAT16_TARGET inline __m512bh pairs(const uint16_t *numbers) {
  return reinterpret_cast<__m512bh>(_mm512_loadu_si512(numbers));
}

CT_BFLOAT16_TARGET inline __m512 widened(const uint16_t *numbers) {
  __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(numbers));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

/// e^x for x in [-87, 0], as `exponential` of Fused.cpp.
CT_BFLOAT16_TARGET inline __m512 exponential(__m512 x) {
  x = _mm512_max_ps(x, _mm512_set1_ps(-87.0f));
  __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), 0);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693145752f), x);  // ln 2 in two parts
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(1.42860677e-6f), r);
  __m512 p = _mm512_set1_ps(1.0f / 5040);
  for (float inverse_factorial : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f})
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(inverse_factorial));
  return _mm512_scalef_ps(p, n);
}

/// Scaled products of `Queries` queries with every key, into scores [Queries][count].
template <int Queries>
CT_BFLOAT16_TARGET void score(const Head &h, float *scores) {
  for (int64_t t = 0; t < h.count; t++) {
    __m512 sums[Queries];
    for (int j = 0; j < Queries; j++) sums[j] = _mm512_setzero_ps();
    for (int64_t i = 0; i < h.dim; i += 32) {
      __m512bh key = pairs(h.keys + t * h.stride + i);
      for (int j = 0; j < Queries; j++) sums[j] = _mm512_dpbf16_ps(sums[j], pairs(h.queries + j * h.dim + i), key);
    }
    for (int j = 0; j < Queries; j++) scores[j * h.count + t] = _mm512_reduce_add_ps(sums[j]) * h.scale;
  }
}

/// Every score s to cap tanh(s / cap).
CT_BFLOAT16_TARGET void limit(float *scores, int64_t count, float cap) {
  __m512 most = _mm512_set1_ps(cap), one = _mm512_set1_ps(1.0f);
  for (int64_t t = 0; t < count; t += 16) {
    __mmask16 there = count - t < 16 ? (1u << (count - t)) - 1 : 0xFFFF;
    __m512 x = _mm512_div_ps(_mm512_maskz_loadu_ps(there, scores + t), most);
    __m512 small = exponential(_mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(-2.0f)));
    __m512 size = _mm512_div_ps(_mm512_sub_ps(one, small), _mm512_add_ps(one, small));
    __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    size = _mm512_mul_ps(_mm512_mask_sub_ps(size, negative, _mm512_setzero_ps(), size), most);
    size = _mm512_mask_mov_ps(size, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), x);
    _mm512_mask_storeu_ps(scores + t, there, size);
  }
}

/// Scores into weights that are yet to be divided by their sum, which is returned; `sink`, where there is one, is one more
/// score.
CT_BFLOAT16_TARGET float weigh(float *scores, int64_t count, const float *sink) {
  float largest = sink ? *sink : -INFINITY;
  for (int64_t t = 0; t < count; t++) largest = std::max(largest, scores[t]);
  __m512 sum = _mm512_setzero_ps();
  for (int64_t t = 0; t < count; t += 16) {
    __mmask16 there = count - t < 16 ? (1u << (count - t)) - 1 : 0xFFFF;
    __m512 own = _mm512_maskz_loadu_ps(there, scores + t);
    __m512 below = _mm512_sub_ps(own, _mm512_set1_ps(largest)), weights = exponential(below);
    // NaN, which the comparisons above and in `exponential` pass over, goes through.
    weights = _mm512_mask_mov_ps(weights, _mm512_cmp_ps_mask(below, below, _CMP_UNORD_Q), below);
    _mm512_mask_storeu_ps(scores + t, there, weights);
    sum = _mm512_mask_add_ps(sum, there, sum, weights);
  }
  float rest = sink ? std::exp(*sink - largest) : 0;
  return _mm512_reduce_add_ps(sum) + rest;
}

/// The values' weighted means, rounded into out [Queries][dim].
template <int Queries>
CT_BFLOAT16_TARGET void mix(const Head &h, const float *weights, const float *totals) {
  for (int64_t i = 0; i < h.dim; i += 32) {
    __m512 sums[Queries][2];
    for (auto &own : sums) own[0] = own[1] = _mm512_setzero_ps();
    for (int64_t t = 0; t < h.count; t++) {
      const uint16_t *value = h.values + t * h.stride + i;
      __m512 low = widened(value), high = widened(value + 16);
      for (int j = 0; j < Queries; j++) {
        __m512 weight = _mm512_set1_ps(weights[j * h.count + t]);
        sums[j][0] = _mm512_fmadd_ps(weight, low, sums[j][0]);
        sums[j][1] = _mm512_fmadd_ps(weight, high, sums[j][1]);
      }
    }
    for (int j = 0; j < Queries; j++) {
      __m512 total = _mm512_set1_ps(totals[j]);
      auto both = _mm512_cvtne2ps_pbh(_mm512_div_ps(sums[j][1], total), _mm512_div_ps(sums[j][0], total));
      _mm512_storeu_si512(h.out + j * h.dim + i, reinterpret_cast<__m512i>(both));
    }
  }
}

template <int Queries>
void attend(const Head &h, float *scores) {
  score<Queries>(h, scores);
  if (h.cap > 0) limit(scores, Queries * h.count, h.cap);
  float totals[Queries];
  for (int j = 0; j < Queries; j++) totals[j] = weigh(scores + j * h.count, h.count, h.sinks ? h.sinks + j : nullptr);
  mix<Queries>(h, scores, totals);
}

/// All query heads of a key-value head, four at a time.
void attend(Head h, int64_t queries, float *scores) {
  auto advance = [&](int64_t count) {
    h.queries += count * h.dim;
    h.out += count * h.dim;
    if (h.sinks) h.sinks += count;
    queries -= count;
  };
  for (; queries >= 4; advance(4)) attend<4>(h, scores);
  for (; queries > 0; advance(1)) attend<1>(h, scores);
}

}  // namespace

at::Tensor bfloat16_decode_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                                     const int64_t *lengths, int64_t window, const ct_scores &how) {
  const float *sinks = sinks_of(how);
  at::Tensor queries = q.contiguous(), out = at::empty_like(queries);
  auto numbers = [](const at::Tensor &t) { return static_cast<const uint16_t *>(t.const_data_ptr()); };
  const uint16_t *from = numbers(queries), *keys = numbers(k), *values = numbers(v);
  auto *to = static_cast<uint16_t *>(out.mutable_data_ptr());
  int64_t heads = q.size(1), group = q.size(2), dim = q.size(3), longest = k.size(2);
  int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, group * dim * longest));
  parallel_for(0, q.size(0) * heads, grain, [&](int64_t begin, int64_t end) {
    std::vector<float> scores(4 * longest);
    for (int64_t i = begin; i < end; i++) {
      int64_t length = lengths[i / heads], first = window > 0 ? std::max<int64_t>(0, length - window) : 0;
      int64_t place = i / heads * k.stride(0) + i % heads * k.stride(1) + first * k.stride(2);
      int64_t own = i * group * dim;
      attend(Head{from + own, keys + place, values + place, to + own, length - first, k.stride(2), dim,
                  static_cast<float>(how.scale), static_cast<float>(how.cap),
                  sinks ? sinks + i % heads * group : nullptr},
             group, scores.data());
    }
  });
  return out;
}

}  // namespace ct

#else

namespace ct {

at::Tensor bfloat16_decode_attention(const at::Tensor &, const at::Tensor &, const at::Tensor &, const int64_t *, int64_t,
                                     const ct_scores &) {
  return {};
}

}  // namespace ct

#endif
