// Operations in one pass over memory, for the CPU and without gradients. An undefined tensor means that the arguments
// are none that the fused form knows, and the caller composes the operation from libtorch's own.
#pragma once
#include "Guard.h"

namespace ct {

at::Tensor fused_rms_norm(const at::Tensor &x, const at::Tensor &weight, double epsilon);
at::Tensor fused_rotate(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines);
/// Attention of one new token a sequence in float32 on the CPU: q [n, heads, queries, dim], k and v [n, heads, longest, dim]
/// with the same strides and rows of adjacent numbers. See ct_decode_attention.
at::Tensor decode_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const int64_t *lengths,
                            int64_t window, double scale);
at::Tensor fused_gated_silu(const at::Tensor &gate, const at::Tensor &up);
/// x [rows, in] by weight [out, in], plus `bias` [out] where there is one, for a few rows in bfloat16 on a processor with
/// products of bfloat16: sums in float32, rounded once.
at::Tensor few_rows_linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias);
/// x [rows, depth] by weight [out, depth], plus `bias` [out] where there is one, for many rows in bfloat16: sums in
/// float32, rounded once. On processors with AVX512-BF16.
at::Tensor many_rows_linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias);
/// The same by matrix [depth, columns].
at::Tensor many_rows_matmul(const at::Tensor &x, const at::Tensor &matrix);
/// x [..., in] by weight [out, in] in float32, for `least` rows or more; see Float32Products.cpp.
at::Tensor float32_linear(const at::Tensor &x, const at::Tensor &weight, int64_t least);

}  // namespace ct
