// The steps of a model with their gradients written by hand, for training adapters on frozen weights: each is one pass
// over memory forward and one back, and keeps no more than its input. An undefined tensor means that the arguments are
// none that are known here (a weight that is trained, too, say), and the caller records the operations it is composed of.
#pragma once
#include "../boundary/Guard.h"

namespace ct {

at::Tensor differentiable_linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias);
at::Tensor differentiable_rms_norm(const at::Tensor &x, const at::Tensor &weight, double epsilon);
at::Tensor differentiable_rotate(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines);
at::Tensor differentiable_gated_silu(const at::Tensor &gate, const at::Tensor &up);
/// Mean loss, float32.
at::Tensor differentiable_cross_entropy(const at::Tensor &logits, const at::Tensor &targets, int64_t ignored);
/// See ct_add_low_rank; with gradients or without.
at::Tensor add_low_rank(const at::Tensor &output, const at::Tensor &x, const at::Tensor &a, const at::Tensor &b,
                        double scale);

}  // namespace ct
