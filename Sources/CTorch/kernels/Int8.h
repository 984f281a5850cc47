// int8 weight matrices: how they lie in memory, and the products that read them.
#pragma once
#include "../boundary/Guard.h"

namespace ct {

/// Outputs that lie side by side in a packed matrix: two vectors of 16 sums.
constexpr int64_t int8_panel = 32;

/// A matrix [outputs, width] of whole numbers from -127 to 127, stored as uint8 with 128 added, in panels of 32 outputs and
/// groups of 4 inputs: [outputs / 32, width / 4, 32, 4], filled up with zeros (128). That is the order in which VNNI
/// instructions take them, so that a product reads memory once, straight on.
inline int64_t int8_panels(int64_t outputs) { return (outputs + int8_panel - 1) / int8_panel; }
inline int64_t int8_groups(int64_t width) { return (width + 3) / 4; }

/// x [rows, width] (float32 or bfloat16, contiguous, on the CPU) times the packed matrix, each output times its scale, plus
/// bias (float32, may be null), where `has_own(CT_INT8_PRODUCTS)`. `coarse` (may be null) says which rows are rounded to 8
/// bits instead of 16.
at::Tensor int8_products(const at::Tensor &x, const at::Tensor &packed, const at::Tensor &scales, const float *bias,
                         const bool *coarse);

}  // namespace ct
