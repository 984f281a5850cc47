// What language models are made of beside products: norms, rotations, gates, losses.
#include <ATen/CPUGeneratorImpl.h>

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
    bool narrow = unwrap(weight).scalar_type() == x.scalar_type();
    // One kernel instead of seven on a GPU; it rounds once, after scaling by the weight.
    if (narrow && x.is_cuda() && !recording_gradients)
      return std::get<0>(at::_fused_rms_norm(x, {x.size(-1)}, unwrap(weight), epsilon));
    at::Tensor values = x.to(wide(x));
    at::Tensor scale = values.square().mean(-1, /*keepdim=*/true).add_(epsilon).rsqrt_();
    if (!narrow) return (values * scale * unwrap(weight)).to(x.scalar_type());
    return (values * scale).to(x.scalar_type()) * unwrap(weight);
  });
}

ct_tensor ct_layer_norm(ct_tensor t, ct_tensor weight, ct_tensor bias, double epsilon, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &w = unwrap(weight), &b = unwrap(bias);
    TORCH_CHECK(w.dim() == 1 && w.sizes() == b.sizes(), "a layer norm's weight and bias are [width], not ", w.sizes(),
                " and ", b.sizes());
    return at::layer_norm(unwrap(t), {w.size(0)}, w, b, epsilon);
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

/// All numbers of x [tokens, heads, dim] turned.
static at::Tensor rotated(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines) {
  if (recording_gradients)
    if (at::Tensor known = differentiable_rotate(x, cosines, sines); known.defined()) return known;
  at::Tensor c = cosines.unsqueeze(1), s = sines.unsqueeze(1);  // [tokens, 1, dim]
  int64_t half = x.size(2) / 2;
  if (!recording_gradients) return rotated_in_place(x * c, x, s);
  return x * c + at::cat({-x.narrow(2, half, half), x.narrow(2, 0, half)}, -1) * s;
}

ct_tensor ct_rotate(ct_tensor t, ct_tensor cosines, ct_tensor sines, ct_error *error) {
  return tensor(error, [&]() -> at::Tensor {
    at::Tensor &x = unwrap(t), &c = unwrap(cosines), &s = unwrap(sines);
    TORCH_CHECK(x.dim() == 3, "a rotary embedding is for [tokens, heads, dim], not ", x.sizes());
    for (const at::Tensor *angles : {&c, &s})
      TORCH_CHECK(angles->dim() == 2 && angles->size(0) == x.size(0) && angles->size(1) <= x.size(2) &&
                      angles->size(1) % 2 == 0 && angles->size(1) == c.size(1),
                  "cosines or sines of shape ", angles->sizes(), " do not fit ", x.sizes(),
                  "; they are [tokens, even number up to dim]");
    if (at::Tensor fused = fused_rotate(x, c, s); fused.defined()) return fused;
    int64_t turned = c.size(1), rest = x.size(2) - turned;
    if (rest == 0) return rotated(x, c, s);
    return at::cat({rotated(x.narrow(2, 0, turned).contiguous(), c, s), x.narrow(2, turned, rest)}, -1);
  });
}

ct_tensor ct_gated_silu(ct_tensor gate, ct_tensor up, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor fused = fused_gated_silu(unwrap(gate), unwrap(up));
    if (recording_gradients) fused = differentiable_gated_silu(unwrap(gate), unwrap(up));
    return fused.defined() ? fused : at::silu(unwrap(gate)) * unwrap(up);
  });
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

