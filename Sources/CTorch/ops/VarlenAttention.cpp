// Causal attention of many sequences of different lengths in one call, without padding.
//
// On a GPU that is one fused kernel: flash attention (Dao 2023) in bfloat16 and float16, the memory-efficient kernel in
// float32. On the CPU the sequences are computed one after another.
#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_forward.h>

#include "../boundary/Guard.h"

using namespace ct;

namespace {

struct Sequences {
  const at::Tensor &query_starts, &key_starts;
  int64_t longest_queries, longest_keys;
  int64_t window;  // 0: none
  double scale;
};

void check(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const Sequences &s) {
  bool fits = q.dim() == 3 && k.dim() == 3 && k.sizes() == v.sizes() && q.size(2) == k.size(2) &&
              k.size(1) > 0 && q.size(1) % k.size(1) == 0;
  TORCH_CHECK(fits, "queries ", q.sizes(), ", keys ", k.sizes(), " and values ", v.sizes(), " do not fit together");
  for (const at::Tensor *starts : {&s.query_starts, &s.key_starts})
    TORCH_CHECK(starts->dim() == 1 && starts->scalar_type() == at::kInt && starts->numel() > 0 &&
                    starts->numel() == s.query_starts.numel() && starts->device() == q.device(),
                "the starts of sequences are int32 [n + 1] on the queries' device, as many for queries as for keys");
}

at::Tensor flash(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const Sequences &s) {
  std::optional<int64_t> left = s.window > 0 ? std::optional<int64_t>(s.window - 1) : std::nullopt;
  std::optional<int64_t> right = s.window > 0 ? std::optional<int64_t>(0) : std::nullopt;
  return std::get<0>(at::_flash_attention_forward(q, k, v, s.query_starts, s.key_starts, s.longest_queries,
                                                  s.longest_keys, /*dropout_p=*/0.0, /*is_causal=*/true,
                                                  /*return_debug_mask=*/false, s.scale, left, right));
}

/// [tokens, key-value heads, dim] to [tokens, heads, dim], each serving its group of query heads.
at::Tensor for_heads(const at::Tensor &t, int64_t heads) {
  if (t.size(1) == heads) return t;
  return t.unsqueeze(2).expand({t.size(0), t.size(1), heads / t.size(1), t.size(2)}).reshape({t.size(0), heads, t.size(2)});
}

at::Tensor efficient(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const Sequences &s) {
  TORCH_CHECK(s.window == 0 || s.window >= s.longest_keys, "this kernel knows no window");
  constexpr int64_t causal_to_last_key = 2;
  int64_t heads = q.size(1);
  auto result = at::_efficient_attention_forward(
      q.unsqueeze(0), for_heads(k, heads).unsqueeze(0), for_heads(v, heads).unsqueeze(0), /*bias=*/{}, s.query_starts,
      s.key_starts, s.longest_queries, s.longest_keys, /*dropout_p=*/0.0, causal_to_last_key,
      /*compute_log_sumexp=*/false, s.scale);
  return std::get<0>(result).squeeze(0);
}

/// Query i of `queries` sees the keys up to keys - queries + i, of them the last `window`.
at::Tensor mask(int64_t queries, int64_t keys, int64_t window, const at::TensorOptions &options) {
  at::Tensor visible = at::ones({queries, keys}, at::kBool).tril(keys - queries);
  if (window > 0) visible = visible.triu(keys - queries - window + 1);
  return at::zeros({queries, keys}, options).masked_fill_(visible.logical_not(), -INFINITY);
}

at::Tensor one_by_one(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const Sequences &s) {
  at::Tensor out = at::empty_like(q);
  auto from = s.query_starts.accessor<int32_t, 1>(), from_key = s.key_starts.accessor<int32_t, 1>();
  for (int64_t i = 0; i + 1 < s.query_starts.numel(); i++) {
    int64_t queries = from[i + 1] - from[i], keys = from_key[i + 1] - from_key[i];
    auto rows = [](const at::Tensor &t, int64_t start, int64_t count) {
      return t.narrow(0, start, count).transpose(0, 1).unsqueeze(0);  // [1, heads, count, dim]
    };
    at::Tensor own_keys = for_heads(k.narrow(0, from_key[i], keys), q.size(1));
    at::Tensor own_values = for_heads(v.narrow(0, from_key[i], keys), q.size(1));
    at::Tensor mixed = at::scaled_dot_product_attention(
        rows(q, from[i], queries), rows(own_keys, 0, keys), rows(own_values, 0, keys),
        mask(queries, keys, s.window, q.options()), 0.0, false, s.scale);
    out.narrow(0, from[i], queries).copy_(mixed.squeeze(0).transpose(0, 1));
  }
  return out;
}

}  // namespace

ct_tensor ct_varlen_attention(ct_tensor query, ct_tensor key, ct_tensor value, ct_tensor query_starts,
                              ct_tensor key_starts, int64_t longest_queries, int64_t longest_keys, int64_t window,
                              double scale, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &q = unwrap(query), &k = unwrap(key), &v = unwrap(value);
    Sequences sequences{unwrap(query_starts), unwrap(key_starts), longest_queries, longest_keys, window, scale};
    check(q, k, v, sequences);
    if (q.is_cpu()) return one_by_one(q, k, v, sequences);
    return q.scalar_type() == at::kFloat ? efficient(q, k, v, sequences) : flash(q, k, v, sequences);
  });
}
