// Operations in one pass over memory, for the CPU and without gradients. An undefined tensor means that the arguments
// are none that the fused form knows, and the caller composes the operation from libtorch's own.
#pragma once
#include "Guard.h"

namespace ct {

at::Tensor fused_rms_norm(const at::Tensor &x, const at::Tensor &weight, double epsilon);
at::Tensor fused_rotate(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines);
at::Tensor fused_gated_silu(const at::Tensor &gate, const at::Tensor &up);

}  // namespace ct
