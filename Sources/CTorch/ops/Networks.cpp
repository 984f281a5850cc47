// What language models are made of beside products: norms, rotations, gates, attention, losses.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ExpandUtils.h>

#include "../boundary/Guard.h"
#include "../kernels/Kernels.h"
#include "Differentiable.h"

using namespace ct;

ct_tensor ct_embedding(ct_tensor weight, ct_tensor ids, ct_error *error) {
  return tensor(error, [&] { return at::embedding(unwrap(weight), unwrap(ids)); });
}

ct_tensor ct_rms_norm(ct_tensor t, ct_tensor weight, double epsilon, ct_error *error) {
  return tensor(error, [&]() -> at::Tensor {
    // The order of roundings is transformers': normalise in float32, round, then scale in the model's own type.
    at::Tensor &x = unwrap(t);
    if (at::Tensor fused = fused_rms_norm(x, unwrap(weight), epsilon); fused.defined()) return fused;
    if (recording_gradients)
      if (at::Tensor known = differentiable_rms_norm(x, unwrap(weight), epsilon); known.defined()) return known;
    // One kernel instead of seven on a GPU; it rounds once, after scaling by the weight.
    if (x.is_cuda() && !recording_gradients)
      return std::get<0>(at::_fused_rms_norm(x, {x.size(-1)}, unwrap(weight), epsilon));
    at::Tensor values = x.to(wide(x));
    at::Tensor scale = values.square().mean(-1, /*keepdim=*/true).add_(epsilon).rsqrt_();
    return (values * scale).to(x.scalar_type()) * unwrap(weight);
  });
}

/// `scaled`, which is x by the cosines, plus x with its halves turned by the sines: half the memory traffic of a
/// concatenation.
static at::Tensor rotated_in_place(at::Tensor scaled, const at::Tensor &x, const at::Tensor &sines) {
  int64_t half = x.size(2) / 2;
  scaled.narrow(2, 0, half).addcmul_(x.narrow(2, half, half), sines.narrow(2, 0, half), -1);
  scaled.narrow(2, half, half).addcmul_(x.narrow(2, 0, half), sines.narrow(2, half, half));
  return scaled;
}

ct_tensor ct_rotate(ct_tensor t, ct_tensor cosines, ct_tensor sines, ct_error *error) {
  return tensor(error, [&]() -> at::Tensor {
    at::Tensor &x = unwrap(t);
    TORCH_CHECK(x.dim() == 3 && x.size(2) % 2 == 0, "a rotary embedding is for [tokens, heads, even dim], not ", x.sizes());
    for (const at::Tensor *angles : {&unwrap(cosines), &unwrap(sines)})
      TORCH_CHECK(angles->dim() == 2 && angles->size(0) == x.size(0) && angles->size(1) == x.size(2),
                  "cosines or sines of shape ", angles->sizes(), " do not fit ", x.sizes(), "; they are [tokens, dim]");
    if (at::Tensor fused = fused_rotate(x, unwrap(cosines), unwrap(sines)); fused.defined()) return fused;
    if (recording_gradients)
      if (at::Tensor known = differentiable_rotate(x, unwrap(cosines), unwrap(sines)); known.defined()) return known;
    at::Tensor c = unwrap(cosines).unsqueeze(1), s = unwrap(sines).unsqueeze(1);  // [tokens, 1, dim]
    int64_t half = x.size(2) / 2;
    if (!recording_gradients) return rotated_in_place(x * c, x, s);
    return x * c + at::cat({-x.narrow(2, half, half), x.narrow(2, 0, half)}, -1) * s;
  });
}

ct_tensor ct_gated_silu(ct_tensor gate, ct_tensor up, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor fused = fused_gated_silu(unwrap(gate), unwrap(up));
    if (recording_gradients) fused = differentiable_gated_silu(unwrap(gate), unwrap(up));
    return fused.defined() ? fused : at::silu(unwrap(gate)) * unwrap(up);
  });
}

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

ct_tensor ct_decode_attention(ct_tensor q, ct_tensor k, ct_tensor v, const int64_t *lengths, int64_t window,
                              double scale, ct_error *error) {
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
    return decode_attention(a, b, c, lengths, window, scale);
  });
}

ct_tensor ct_segment_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_segments segments, int64_t window, double scale,
                               ct_error *error) {
  return tensor(error, [&] { return segment_attention(unwrap(q), unwrap(k), unwrap(v), segments, window, scale); });
}

ct_tensor ct_cross_entropy(ct_tensor logits, ct_tensor targets, int64_t ignored, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &x = unwrap(logits), &y = unwrap(targets);
    TORCH_CHECK(x.dim() == 2 && y.dim() == 1 && y.scalar_type() == at::kLong, "logits are [n, classes] and targets int64 [n]");
    if (recording_gradients)
      if (at::Tensor known = differentiable_cross_entropy(x, y, ignored); known.defined()) return known;
    return at::cross_entropy_loss(x.to(wide(x)), y, {}, at::Reduction::Mean, ignored);
  });
}

ct_tensor ct_add_low_rank(ct_tensor output, ct_tensor x, ct_tensor a, ct_tensor b, double scale, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &y = unwrap(output), &in = unwrap(x), &first = unwrap(a), &second = unwrap(b);
    bool fits = y.dim() == 2 && in.dim() == 2 && first.dim() == 2 && second.dim() == 2 && y.size(0) == in.size(0) &&
                in.size(1) == first.size(1) && first.size(0) == second.size(1) && second.size(0) == y.size(1);
    TORCH_CHECK(fits, "outputs ", y.sizes(), ", inputs ", in.sizes(), " and matrices ", first.sizes(), " and ",
                second.sizes(), " do not fit together");
    return add_low_rank(y, in, first, second, scale);
  });
}

ct_tensor ct_dropout(ct_tensor t, double probability, uint64_t seed, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &x = unwrap(t);
    TORCH_CHECK(probability >= 0 && probability < 1, "a dropout probability is in [0, 1), not ", probability);
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    at::Tensor kept = at::rand(x.sizes(), generator, at::TensorOptions().dtype(at::kFloat)).ge(probability);
    return x * kept.to(x.device(), x.scalar_type()) / (1 - probability);
  });
}

