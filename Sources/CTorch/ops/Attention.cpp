// Attention with queries, keys and values of one length: by libtorch's kernels, composed where none of them knows how the
// scores are made, and by the kernels of this library's own.
#include <ATen/ExpandUtils.h>

#include "../boundary/Guard.h"
#include "../kernels/Kernels.h"

using namespace ct;

/// libtorch's fused kernel trusts the lengths of keys and values to be the same.
static void check_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor *mask,
                            bool causal) {
  TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && v.dim() == 4, "queries, keys and values are [n, heads, tokens, dim]");
  bool fits = q.size(0) == k.size(0) && q.size(1) == k.size(1) && q.size(3) == k.size(3);
  TORCH_CHECK(fits && k.sizes() == v.sizes(), "queries ", q.sizes(), ", keys ", k.sizes(), " and values ", v.sizes(),
              " do not fit together");
  TORCH_CHECK(!causal || (!mask && q.size(2) == k.size(2)), "causal attention takes no mask and as many keys as queries");
  int64_t scores[] = {q.size(0), q.size(1), q.size(2), k.size(2)};
  TORCH_CHECK(!mask || at::is_expandable_to(mask->sizes(), scores), "a mask of shape ", mask ? mask->sizes() : scores,
              " does not fit attention scores of shape ", at::IntArrayRef(scores));
  TORCH_CHECK(!mask || mask->scalar_type() == q.scalar_type(), "a mask must have the element type of the queries");
}

ct_tensor ct_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_tensor mask, bool causal, double scale,
                       ct_error *error) {
  return tensor(error, [&] {
    check_attention(unwrap(q), unwrap(k), unwrap(v), mask ? &unwrap(mask) : nullptr, causal);
    std::optional<at::Tensor> bias;
    if (mask) bias = unwrap(mask);
    while (bias && bias->dim() < 4) bias = bias->unsqueeze(0);  // the kernels know masks of rank 2 and 4 only
    return at::scaled_dot_product_attention(unwrap(q), unwrap(k), unwrap(v), bias, /*dropout_p=*/0.0, causal, scale);
  });
}

/// Numbers of scores that are computed at a time.
constexpr int64_t most_scores = 1 << 24;

/// `count` queries from `start` on: of attention that no kernel knows.
static at::Tensor shaped_rows(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor *mask,
                              bool causal, const ct_scores &how, int64_t start, int64_t count) {
  int64_t keys = causal ? start + count : k.size(2);
  auto rows = [&](const at::Tensor &t) { return t.size(-2) > 1 ? t.narrow(-2, start, count) : t; };
  at::Tensor scores = at::matmul(rows(q), k.narrow(2, 0, keys).transpose(2, 3)) * how.scale;
  if (how.cap > 0) scores = (scores / how.cap).tanh() * how.cap;
  if (causal) {
    at::Tensor hidden = at::ones({count, keys}, scores.options().dtype(at::kBool)).triu(start + 1);
    scores = scores.masked_fill(hidden, -INFINITY);
  }
  if (mask) scores = scores + rows(*mask);
  if (!how.sinks) return at::matmul(at::softmax(scores, -1), v.narrow(2, 0, keys));
  at::Tensor sinks = rows(unwrap(how.sinks)).to(scores.scalar_type()).expand({scores.size(0), scores.size(1), count, 1});
  at::Tensor weights = at::softmax(at::cat({scores, sinks}, -1), -1).narrow(-1, 0, keys);
  return at::matmul(weights, v.narrow(2, 0, keys));
}

ct_tensor ct_shaped_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_tensor mask, bool causal, double scale, double cap,
                              ct_tensor sinks, ct_error *error) {
  return tensor(error, [&] {
    check_attention(unwrap(q), unwrap(k), unwrap(v), mask ? &unwrap(mask) : nullptr, causal);
    at::ScalarType type = wide(unwrap(q));
    at::Tensor a = unwrap(q).to(type), b = unwrap(k).to(type), c = unwrap(v).to(type), hidden;
    if (mask) hidden = unwrap(mask).to(type);
    ct_scores how{scale, cap, sinks};
    int64_t queries = a.size(2), scores_a_query = std::max<int64_t>(1, a.size(0) * a.size(1) * b.size(2));
    int64_t most = std::max<int64_t>(1, most_scores / scores_a_query);
    std::vector<at::Tensor> parts;
    for (int64_t start = 0; start < queries; start += most)
      parts.push_back(shaped_rows(a, b, c, mask ? &hidden : nullptr, causal, how, start, std::min(most, queries - start)));
    return (parts.size() == 1 ? parts[0] : at::cat(parts, 2)).to(unwrap(q).scalar_type());
  });
}

/// The scores as the loops read them: with one sink for each query head.
static Scores readable_scores(const ct_scores &scores, int64_t heads) {
  const float *sinks = nullptr;
  if (scores.sinks) {
    const at::Tensor &t = unwrap(scores.sinks);
    TORCH_CHECK(t.is_cpu() && t.is_contiguous() && t.scalar_type() == at::kFloat && t.numel() == heads,
                "sinks are float32 [", heads, "] on the CPU, one for each query head");
    sinks = data<float>(t);
  }
  return {static_cast<float>(scores.scale), static_cast<float>(scores.cap), sinks};
}

ct_tensor ct_decode_attention(ct_tensor q, ct_tensor k, ct_tensor v, const int64_t *lengths, int64_t window,
                              ct_scores scores, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &a = unwrap(q), &b = unwrap(k), &c = unwrap(v);
    for (const at::Tensor *t : {&a, &b, &c})
      TORCH_CHECK(t->dim() == 4 && t->is_cpu() && t->scalar_type() == a.scalar_type() &&
                      (a.scalar_type() == at::kFloat || a.scalar_type() == at::kBFloat16 || a.scalar_type() == at::kHalf),
                  "[n, heads, n, dim] of one floating-point type of up to 32 bits on the CPU are meant");
    TORCH_CHECK(b.sizes() == c.sizes() && b.strides() == c.strides() && b.stride(3) == 1 && a.size(0) == b.size(0) &&
                    a.size(1) == b.size(1) && a.size(3) == b.size(3),
                "the shapes do not fit");
    for (int64_t i = 0; i < a.size(0); i++)
      TORCH_CHECK(lengths[i] > 0 && lengths[i] <= b.size(2), "a length is outside of the keys");
    return decode_attention(a, b, c, lengths, window, readable_scores(scores, a.size(1) * a.size(2)));
  });
}

ct_tensor ct_segment_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_segments segments, int64_t window,
                               ct_scores scores, ct_error *error) {
  return tensor(error, [&] {
    int64_t heads = unwrap(q).dim() == 3 ? unwrap(q).size(1) : 0;
    return segment_attention(unwrap(q), unwrap(k), unwrap(v), segments, window, readable_scores(scores, heads));
  });
}
