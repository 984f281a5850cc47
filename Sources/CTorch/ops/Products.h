// Products with weight matrices, by the kernel that fits.
#pragma once
#include "../boundary/Guard.h"

namespace ct {

/// x [..., in] by weight [out, in], plus bias [out] where there is one. No gradients of the kernels' own.
at::Tensor linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias);
at::Tensor upright_product(const at::Tensor &a, const at::Tensor &b);

}  // namespace ct
