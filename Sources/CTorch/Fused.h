// Operations in one pass over memory, for the CPU and without gradients. An undefined tensor means that the arguments
// are none that the fused form knows, and the caller composes the operation from libtorch's own.
#pragma once
#include "Guard.h"

namespace ct {

/// The sinks of the scores, or null.
inline const float *sinks_of(const ct_scores &scores) {
  return scores.sinks ? static_cast<const float *>(unwrap(scores.sinks).const_data_ptr()) : nullptr;
}

/// x scaled to unit root mean square, times weight: of x's type and multiplied after rounding, or float32 and before.
at::Tensor fused_rms_norm(const at::Tensor &x, const at::Tensor &weight, double epsilon);
at::Tensor fused_rotate(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines);
/// Attention of one new token a sequence in float32 on the CPU: q [n, heads, queries, dim], k and v [n, heads, longest, dim]
/// with the same strides and rows of adjacent numbers. See ct_decode_attention.
at::Tensor decode_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const int64_t *lengths,
                            int64_t window, const ct_scores &scores);
/// The same in bfloat16, where the processor has products of it and dim is a multiple of 32.
at::Tensor bfloat16_decode_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                                     const int64_t *lengths, int64_t window, const ct_scores &scores);
at::Tensor fused_gated_silu(const at::Tensor &gate, const at::Tensor &up);
/// x [rows, in] by weight [out, in], plus `bias` [out] where there is one, for many rows in bfloat16 on a processor with
/// products of bfloat16: sums in float32, rounded once.
at::Tensor many_rows_linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias);
/// The same by matrix [in, columns].
at::Tensor many_rows_matmul(const at::Tensor &x, const at::Tensor &matrix);
/// Whether this processor has the kernel of `segment_attention`.
bool has_segment_attention();
/// See ct_segment_attention.
at::Tensor segment_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const ct_segments &segments,
                             int64_t window, const ct_scores &scores);
/// Whether this processor has products of bfloat16; TELLTALE_BFLOAT16=libtorch asks for libtorch's.
bool has_bfloat16_products();
/// x [rows, in] by each of `weights` [out, in], plus its bias [out] where there is one, for a few rows in bfloat16 on a
/// processor with products of bfloat16: sums in float32, rounded once. Empty where that is not what is given.
std::vector<at::Tensor> few_rows_linear(const at::Tensor &x, const std::vector<const at::Tensor *> &weights,
                                        const std::vector<const at::Tensor *> &biases);
/// x [..., in] by weight [out, in] in float32, for `least` rows or more; see Float32Products.cpp.
at::Tensor float32_linear(const at::Tensor &x, const at::Tensor &weight, int64_t least);
bool has_float32_products();  // on this processor; TELLTALE_FLOAT32=libtorch says that it has not

}  // namespace ct
