// What this folder computes: in one pass over memory, on the CPU, without gradients. An undefined tensor means that the
// arguments are none that a kernel here knows, or that libtorch's is chosen (Dispatch.h), and the caller goes there.
#pragma once
#include "../boundary/Guard.h"
#include "Dispatch.h"

namespace ct {

/// Whether the tensors are what most kernels read: one floating-point type of up to 32 bits, row-major, on the CPU.
inline bool readable(std::initializer_list<const at::Tensor *> tensors) {
  at::ScalarType type = (*tensors.begin())->scalar_type();
  if (type != at::kFloat && type != at::kBFloat16 && type != at::kHalf) return false;
  for (const at::Tensor *t : tensors)
    if (t && (!t->is_cpu() || !t->is_contiguous() || t->scalar_type() != type || t->numel() == 0)) return false;
  return true;
}

template <class T>
const T *data(const at::Tensor &t) { return static_cast<const T *>(t.const_data_ptr()); }
template <class T>
T *writable(at::Tensor &t) { return static_cast<T *>(t.mutable_data_ptr()); }

// ---- Steps between products ------------------------------------------------------------------------------------
/// The weight is of x's type and multiplied after rounding, or of float32 and multiplied before.
at::Tensor fused_rms_norm(const at::Tensor &x, const at::Tensor &weight, double epsilon);
/// Turns the first numbers of every head, as many as the cosines have.
at::Tensor fused_rotate(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines);
at::Tensor fused_gated_silu(const at::Tensor &gate, const at::Tensor &up);

// ---- Products: sums in float32, rounded once -------------------------------------------------------------------
/// Whether products of that type are this library's own; those of 16 bits are `job`.
inline bool is_own_product(at::ScalarType type, ct_job job) {
  return type == at::kFloat ? uses_own_products && has_own(CT_FLOAT32_PRODUCTS) : has_own(job);
}
/// From so many rows on, what packing the weights costs is small.
constexpr int64_t fewest_many_rows = 96;
/// x [rows, in] by each of `weights` [out, in], plus its bias [out] where there is one, for less rows than that. Empty where
/// that is not what is given. Where `alike`, a row has the bits that `many_rows_product` gives it.
std::vector<at::Tensor> few_rows_products(const at::Tensor &x, const std::vector<const at::Tensor *> &weights,
                                          const std::vector<const at::Tensor *> &biases, bool alike);
/// x [..., in] by weight [out, in] or, where that is `upright`, [in, out], plus `bias` [out] where there is one.
at::Tensor many_rows_product(const at::Tensor &x, const at::Tensor &weight, bool upright, const at::Tensor *bias);

// ---- Quantised blocks: types by the GGML library's numbers ------------------------------------------------------
struct BlockSize {
  int64_t bytes, values;  // zeros for a type that is not read
};
BlockSize block_size(int32_t type);
/// x [rows, width] by the numbers of blocks, uint8 [outputs, bytes of a row], plus bias, into out [rows, outputs], all of
/// float32 and contiguous. A row does not depend on those beside it.
void block_products(const at::Tensor &x, const at::Tensor &blocks, int32_t type, const at::Tensor *bias, at::Tensor &out);
/// The numbers of whole blocks, as many as `out` (of up to 32 bits) has, rounded once.
void unpacked_blocks(const uint8_t *blocks, int32_t type, at::Tensor &out);

// ---- Attention -------------------------------------------------------------------------------------------------
/// `ct_scores` as the loops read it.
struct Scores {
  float scale, cap;    // no cap: 0
  const float *sinks;  // of the query heads, or null
};

/// See ct_decode_attention: keys and values have the same strides and rows of adjacent numbers.
at::Tensor decode_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const int64_t *lengths,
                            int64_t window, const Scores &scores);
/// See ct_segment_attention.
at::Tensor segment_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const ct_segments &segments,
                             int64_t window, const Scores &scores);

}  // namespace ct
