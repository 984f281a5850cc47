#include "Differentiable.h"

#include <torch/csrc/autograd/custom_function.h>

#include "../kernels/Gradients.h"
#include "../kernels/Kernels.h"
#include "Products.h"

namespace ct {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/// The fused forward steps, and products of our own, are for calls that record nothing: inside of a step whose gradient is
/// known here, nothing is recorded.
class RecordingNothing {
  bool before = std::exchange(recording_gradients, false);

 public:
  RecordingNothing() = default;
  RecordingNothing(const RecordingNothing &) = delete;
  ~RecordingNothing() { recording_gradients = before; }
};

/// x [rows, in] by a frozen weight [out, in].
struct Linear : Function<Linear> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const std::optional<at::Tensor> &bias) {
    RecordingNothing nothing;
    context->save_for_backward({weight});
    return linear(x, weight, bias ? &*bias : nullptr);
  }

  static variable_list backward(AutogradContext *context, variable_list given) {
    RecordingNothing nothing;
    at::Tensor slope = given[0].contiguous(), weight = context->get_saved_variables()[0];
    return {upright_product(slope, weight), {}, {}};
  }
};

struct Norm : Function<Norm> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight, double epsilon) {
    RecordingNothing nothing;
    context->save_for_backward({x, weight});
    context->saved_data["epsilon"] = epsilon;
    return fused_rms_norm(x, weight, epsilon);
  }

  static variable_list backward(AutogradContext *context, variable_list given) {
    auto saved = context->get_saved_variables();
    double epsilon = context->saved_data["epsilon"].toDouble();
    return {rms_norm_gradient(given[0].contiguous(), saved[0], saved[1], epsilon), {}, {}};
  }
};

struct Rotation : Function<Rotation> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &cosines,
                            const at::Tensor &sines) {
    RecordingNothing nothing;
    context->save_for_backward({cosines, sines});
    return fused_rotate(x, cosines, sines);
  }

  static variable_list backward(AutogradContext *context, variable_list given) {
    auto saved = context->get_saved_variables();
    return {rotate_gradient(given[0].contiguous(), saved[0], saved[1]), {}, {}};
  }
};

struct GatedSilu : Function<GatedSilu> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &gate, const at::Tensor &up) {
    RecordingNothing nothing;
    context->save_for_backward({gate, up});
    return fused_gated_silu(gate, up);
  }

  static variable_list backward(AutogradContext *context, variable_list given) {
    auto saved = context->get_saved_variables();
    auto [by_gate, by_up] = gated_silu_gradient(given[0].contiguous(), saved[0], saved[1]);
    return {by_gate, by_up};
  }
};

struct CrossEntropy : Function<CrossEntropy> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &logits, const at::Tensor &targets,
                            int64_t ignored) {
    at::Tensor sums = log_sum_exp(logits), counted = targets.ne(ignored);
    at::Tensor chosen = logits.gather(1, targets.masked_fill(targets.eq(ignored), 0).unsqueeze(1)).squeeze(1);
    at::Tensor losses = (sums - chosen.to(at::kFloat)).masked_fill(counted.logical_not(), 0);
    int64_t count = counted.sum().item<int64_t>();
    context->save_for_backward({logits, targets, sums});
    context->saved_data["ignored"] = ignored;
    context->saved_data["count"] = count;
    return losses.sum() / count;
  }

  static variable_list backward(AutogradContext *context, variable_list given) {
    auto saved = context->get_saved_variables();
    double scale = given[0].item<double>() / static_cast<double>(context->saved_data["count"].toInt());
    return {cross_entropy_gradient(saved[0], saved[2], saved[1], context->saved_data["ignored"].toInt(), scale), {}, {}};
  }
};

/// output + scale (x A^T) B^T, in float32, rounded once to the output's type.
struct LowRank : Function<LowRank> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &output, const at::Tensor &x,
                            const at::Tensor &a, const at::Tensor &b, double scale) {
    at::Tensor inner = at::mm(x.to(a.scalar_type()), a.t()).mul_(scale);  // [tokens, rank]
    context->save_for_backward({x, inner, a, b});
    context->saved_data["scale"] = scale;
    return at::addmm(output.to(a.scalar_type()), inner, b.t()).to(output.scalar_type());
  }

  static variable_list backward(AutogradContext *context, variable_list given) {
    auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &inner = saved[1], &a = saved[2], &b = saved[3];
    at::Tensor slope = given[0].to(a.scalar_type());  // [tokens, out]
    at::Tensor by_inner = at::mm(slope, b).mul_(context->saved_data["scale"].toDouble());  // [tokens, rank]
    at::Tensor by_x;
    if (context->needs_input_grad(1)) by_x = at::mm(by_inner, a).to(x.scalar_type());
    return {given[0], by_x, at::mm(by_inner.t(), x.to(a.scalar_type())), at::mm(slope.t(), inner), {}};
  }
};

}  // namespace

at::Tensor differentiable_linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias) {
  if (weight.requires_grad() || (bias && bias->requires_grad()) || x.scalar_type() != at::kBFloat16) return {};
  if (!readable({&x, &weight}) || x.dim() != 2 || weight.dim() != 2) return {};
  std::optional<at::Tensor> own_bias;
  if (bias) own_bias = *bias;
  return Linear::apply(x, weight, own_bias);
}

at::Tensor differentiable_rms_norm(const at::Tensor &x, const at::Tensor &weight, double epsilon) {
  bool fits = readable({&x, &weight}) && x.dim() > 0 && weight.dim() == 1 && x.size(-1) == weight.size(0);
  return fits && !weight.requires_grad() ? Norm::apply(x, weight, epsilon) : at::Tensor();
}

at::Tensor differentiable_rotate(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines) {
  bool is_frozen = !cosines.requires_grad() && !sines.requires_grad();
  return is_frozen && readable({&x, &cosines, &sines}) ? Rotation::apply(x, cosines, sines) : at::Tensor();
}

at::Tensor differentiable_gated_silu(const at::Tensor &gate, const at::Tensor &up) {
  return readable({&gate, &up}) && gate.sizes() == up.sizes() ? GatedSilu::apply(gate, up) : at::Tensor();
}

at::Tensor differentiable_cross_entropy(const at::Tensor &logits, const at::Tensor &targets, int64_t ignored) {
  bool fits = readable({&logits}) && targets.is_cpu() && targets.is_contiguous() && targets.size(0) == logits.size(0);
  if (!fits) return {};
  // The loops trust the targets.
  at::Tensor own = targets.masked_select(targets.ne(ignored));
  bool counts = own.numel() > 0 && own.min().item<int64_t>() >= 0 && own.max().item<int64_t>() < logits.size(1);
  return counts ? CrossEntropy::apply(logits, targets, ignored) : at::Tensor();
}

at::Tensor add_low_rank(const at::Tensor &output, const at::Tensor &x, const at::Tensor &a, const at::Tensor &b,
                        double scale) {
  return LowRank::apply(output, x, a, b, scale);
}

}  // namespace ct
