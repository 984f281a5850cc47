// The gradients of the fused steps, each in one pass over memory: float32 and bfloat16 on the CPU, sums in float32,
// rounded once. The caller has made sure that all tensors of a call can be read (`readable`) and have fitting shapes.
#pragma once
#include "../boundary/Guard.h"

namespace ct {

/// By x [..., width] of the root-mean-square norm of x scaled by weight [width].
at::Tensor rms_norm_gradient(const at::Tensor &given, const at::Tensor &x, const at::Tensor &weight, double epsilon);
/// By x [tokens, heads, dim] of the rotary embedding with cosines and sines [tokens, dim].
at::Tensor rotate_gradient(const at::Tensor &given, const at::Tensor &cosines, const at::Tensor &sines);
/// By gate and up of silu(gate) * up.
std::pair<at::Tensor, at::Tensor> gated_silu_gradient(const at::Tensor &given, const at::Tensor &gate,
                                                      const at::Tensor &up);
/// log(sum(exp)) of each row of logits [rows, classes]: float32 [rows].
at::Tensor log_sum_exp(const at::Tensor &logits);
/// By logits [rows, classes] of `scale` times the sum of -log softmax(logits)[target] over the rows whose target (int64
/// [rows]) is not `ignored`. `sums` are the rows' log_sum_exp.
at::Tensor cross_entropy_gradient(const at::Tensor &logits, const at::Tensor &sums, const at::Tensor &targets,
                                  int64_t ignored, double scale);

}  // namespace ct
