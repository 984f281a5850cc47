// The C boundary to libtorch: the only C++ of the project is behind this header.
//
// Rules
// - A returned ct_tensor is owned by the caller (+1) and freed exactly once with ct_free; arguments are borrowed.
// - Every call takes an error out-param. On failure the result is NULL (or 0) and `error` holds a code and a message,
//   which the caller frees with ct_error_clear. A C++ exception never crosses this header.
// - No call records an autograd graph unless this thread has switched recording on with ct_set_recording_gradients.
// - Shapes are int64 arrays; dimensions may be negative and then count from the end, as in PyTorch.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor_opaque *ct_tensor;

typedef enum ct_error_code { CT_OK = 0, CT_INVALID = 1, CT_OUT_OF_MEMORY = 2, CT_FAILED = 3 } ct_error_code;

typedef struct ct_error {
  int32_t code;   // a ct_error_code
  char *message;  // NULL or a heap string
} ct_error;

void ct_error_clear(ct_error *error);

// Element types, in this header's own numbering so that libtorch's may change.
typedef enum ct_dtype {
  CT_FLOAT32 = 0, CT_FLOAT64 = 1, CT_FLOAT16 = 2, CT_BFLOAT16 = 3,
  CT_INT64 = 4, CT_INT32 = 5, CT_INT8 = 6, CT_UINT8 = 7, CT_BOOL = 8, CT_INT16 = 9
} ct_dtype;

// A device: -1 is the CPU, n >= 0 is CUDA device n.
typedef int32_t ct_device;

// ---- Runtime ---------------------------------------------------------------------------------------------------
// Called once, before anything else: sets up memory for the whole process, and fails where the environment's variables
// (TELLTALE_ISA) say what cannot be. Without it everything works, with more work for the kernel's memory management.
void ct_start(ct_error *error);
const char *ct_version(void);
const char *ct_library_path(void);  // of libtorch_cpu in this process; empty where the linker knows none
int32_t ct_thread_count(void);
void ct_set_thread_count(int32_t count);  // of one operation, for calls from every thread
int32_t ct_loop_thread_count(void);       // threads that a loop of this library's own really ran on
bool ct_set_own_products(bool used);  // float32 products of Telltale's own in calls from this thread; returns the previous
int32_t ct_set_own_thread_count(int32_t count);  // for calls from this thread, 0 as from every; returns the previous one
int32_t ct_cuda_device_count(void);  // loads libtorch_cuda on first use; 0 where it or a driver is missing
int64_t ct_cuda_free_memory(int32_t index, ct_error *error);  // bytes
int64_t ct_live_tensor_count(void);  // tensors handed out by this header and not yet freed
int64_t ct_live_tensor_count_of_thread(void);  // handed out to this thread less those it freed
void ct_cuda_synchronize(ct_error *error);

// ---- Kernels ---------------------------------------------------------------------------------------------------
typedef enum ct_job {
  CT_FEW_ROWS, CT_MANY_ROWS, CT_PACK_ATTENTION, CT_DECODE_ATTENTION, CT_FLOAT32_PRODUCTS, CT_INT8_PRODUCTS, CT_BLOCK_PRODUCTS,
  CT_STEPS,
  CT_JOB_COUNT
} ct_job;
// What does a job on this processor: a kernel of this library's own, compiled for the instruction set `choice`, or libtorch,
// for the reason `choice`. TELLTALE_BFLOAT16, TELLTALE_FLOAT32, TELLTALE_INT8 and TELLTALE_BLOCKS=libtorch ask for libtorch.
typedef struct ct_kernel {
  const char *job, *choice;
  bool is_own;
} ct_kernel;
ct_kernel ct_kernel_of(ct_job job);
// The widest instruction set that kernels are compiled for and this processor has or, where `allowed`, that TELLTALE_ISA lets
// them use: "plain", "avx2", "avx512", "avx512bf16".
const char *ct_instruction_set(bool allowed);

// ---- Autograd --------------------------------------------------------------------------------------------------
bool ct_set_recording_gradients(bool recording);  // of this thread; returns the previous value
ct_tensor ct_requiring_gradient(ct_tensor t, ct_error *error);  // a leaf that shares the data
ct_tensor ct_detach(ct_tensor t, ct_error *error);
// Writes one gradient for each input into `gradients` (NULL where no output depends on it). `given` are the gradients
// by the outputs, of their shapes; NULL is 1 for an output of one element.
void ct_gradients(const ct_tensor *outputs, const ct_tensor *given_or_null, int64_t output_count,
                  const ct_tensor *inputs, int64_t count, ct_tensor *gradients, ct_error *error);
// One fused AdamW step in place (decoupled weight decay, bias correction). `step` is the number of this step, from 1.
void ct_adamw_step(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *means,
                   const ct_tensor *squares, int64_t count, int64_t step, double learning_rate, double beta1,
                   double beta2, double epsilon, double weight_decay, ct_error *error);

// ---- Life and contents -----------------------------------------------------------------------------------------
void ct_free(ct_tensor t);
// A tensor over memory it does not own; `release(context)` is called exactly once: when the last use of the memory
// ends, or before the return where the call fails.
ct_tensor ct_borrow(void *data, const int64_t *shape, int64_t rank, ct_dtype dtype, void (*release)(void *),
                    void *context, ct_error *error);
ct_tensor ct_copy_in(const void *data, const int64_t *shape, int64_t rank, ct_dtype dtype, ct_error *error);
void ct_copy_out(ct_tensor t, void *data, int64_t byte_count, ct_error *error);  // row-major, of t's own dtype
const void *ct_data(ct_tensor t);                                               // NULL unless contiguous on the CPU
int64_t ct_count(ct_tensor t);  // elements
int64_t ct_rank(ct_tensor t);
int64_t ct_size(ct_tensor t, int64_t dimension);
ct_dtype ct_dtype_of(ct_tensor t);
ct_device ct_device_of(ct_tensor t);
bool ct_is_contiguous(ct_tensor t);

// ---- Creation --------------------------------------------------------------------------------------------------
ct_tensor ct_full(const int64_t *shape, int64_t rank, double value, ct_dtype dtype, ct_device device, ct_error *error);
ct_tensor ct_arange(int64_t start, int64_t end, ct_device device, ct_error *error);  // int64
// A GPU draws other numbers from a seed than the CPU.
ct_tensor ct_random_normal(const int64_t *shape, int64_t rank, ct_dtype dtype, ct_device device, uint64_t seed,
                           ct_error *error);
ct_tensor ct_convert(ct_tensor t, ct_dtype dtype, ct_device device, ct_error *error);
ct_tensor ct_contiguous(ct_tensor t, ct_error *error);
ct_tensor ct_clone(ct_tensor t, ct_error *error);

// ---- Arithmetic (broadcasting) ---------------------------------------------------------------------------------
typedef enum ct_binary {
  CT_ADD, CT_SUBTRACT, CT_MULTIPLY, CT_DIVIDE, CT_MAXIMUM, CT_MINIMUM, CT_POWER, CT_EQUAL, CT_LESS, CT_LESS_EQUAL,
  CT_GREATER, CT_GREATER_EQUAL, CT_AND, CT_OR
} ct_binary;
ct_tensor ct_binary_op(ct_binary op, ct_tensor a, ct_tensor b, ct_error *error);
// A whole number meets an integer tensor as an integer, exactly; any other makes the result float32, as in PyTorch.
ct_tensor ct_binary_scalar(ct_binary op, ct_tensor a, double b, ct_error *error);

typedef enum ct_unary {
  CT_NEGATE, CT_ABSOLUTE, CT_EXPONENTIAL, CT_LOGARITHM, CT_SQUARE_ROOT, CT_RECIPROCAL_SQUARE_ROOT, CT_SINE, CT_COSINE,
  CT_SIGMOID, CT_LOG_SIGMOID, CT_SILU, CT_TANH, CT_NOT, CT_IS_FINITE, CT_GELU, CT_GELU_TANH
} ct_unary;
ct_tensor ct_unary_op(ct_unary op, ct_tensor t, ct_error *error);
ct_tensor ct_where(ct_tensor condition, ct_tensor a, ct_tensor b, ct_error *error);

// ---- Reductions (one dimension, or all of them with has_dimension = false) --------------------------------------
typedef enum ct_reduction { CT_SUM, CT_MEAN, CT_MAX, CT_MIN, CT_ARGMAX, CT_LOG_SUM_EXP, CT_NORM, CT_ALL, CT_ANY } ct_reduction;
ct_tensor ct_reduce(ct_reduction op, ct_tensor t, bool has_dimension, int64_t dimension, bool keep, ct_error *error);
ct_tensor ct_softmax(ct_tensor t, int64_t dimension, bool logarithm, ct_error *error);  // of float32 arithmetic
ct_tensor ct_cumulative_sum(ct_tensor t, int64_t dimension, ct_error *error);
ct_tensor ct_sort(ct_tensor t, int64_t dimension, bool descending, ct_tensor *indices, ct_error *error);
ct_tensor ct_top(ct_tensor t, int64_t count, int64_t dimension, ct_tensor *indices, ct_error *error);

// ---- Shape -----------------------------------------------------------------------------------------------------
ct_tensor ct_reshape(ct_tensor t, const int64_t *shape, int64_t rank, ct_error *error);
ct_tensor ct_permute(ct_tensor t, const int64_t *order, int64_t rank, ct_error *error);
ct_tensor ct_transpose(ct_tensor t, int64_t a, int64_t b, ct_error *error);
ct_tensor ct_narrow(ct_tensor t, int64_t dimension, int64_t start, int64_t length, ct_error *error);
ct_tensor ct_unsqueeze(ct_tensor t, int64_t dimension, ct_error *error);
ct_tensor ct_select(ct_tensor t, int64_t dimension, int64_t index, ct_error *error);
ct_tensor ct_expand(ct_tensor t, const int64_t *shape, int64_t rank, ct_error *error);
ct_tensor ct_concatenate(const ct_tensor *tensors, int64_t count, int64_t dimension, ct_error *error);
ct_tensor ct_stack(const ct_tensor *tensors, int64_t count, int64_t dimension, ct_error *error);
ct_tensor ct_lower_triangle(ct_tensor t, int64_t diagonal, ct_error *error);

// ---- Indexing --------------------------------------------------------------------------------------------------
ct_tensor ct_index_select(ct_tensor t, int64_t dimension, ct_tensor indices, ct_error *error);
ct_tensor ct_gather(ct_tensor t, int64_t dimension, ct_tensor indices, ct_error *error);
// t with `source` in the places `indices` (int64 [n]) of `dimension`; a new tensor.
ct_tensor ct_index_replace(ct_tensor t, int64_t dimension, ct_tensor indices, ct_tensor source, ct_error *error);
ct_tensor ct_index_add(ct_tensor t, int64_t dimension, ct_tensor indices, ct_tensor source, ct_error *error);
// Writes source into t[..., start ..< start + source.size(dimension), ...], in place. For key-value caches.
void ct_write_narrow(ct_tensor t, int64_t dimension, int64_t start, ct_tensor source, ct_error *error);
// Writes source [n, ...] into t[rows[i], columns[i], ...], in place. For key-value caches.
void ct_write_at(ct_tensor t, ct_tensor rows, ct_tensor columns, ct_tensor source, ct_error *error);

// ---- Networks --------------------------------------------------------------------------------------------------
ct_tensor ct_matmul(ct_tensor a, ct_tensor b, ct_error *error);
ct_tensor ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias_or_null, ct_error *error);
// `count` such products of the same x, which take less together: a bias may be null. Writes `count` tensors into `outs`.
void ct_linears(ct_tensor x, const ct_tensor *weights, const ct_tensor *biases, int64_t count, ct_tensor *outs,
                ct_error *error);
// The same, computed in blocks of `block` rows, so that a row does not depend on how many rows are beside it.
// No gradients.
ct_tensor ct_linear_blocks(ct_tensor x, ct_tensor weight, ct_tensor bias_or_null, int64_t block, ct_error *error);
// A matrix [outputs, width] (floating-point, CPU) rounded to whole numbers from -127 to 127 times a scale for each output,
// its largest magnitude / 127: packed uint8 (returned; see Int8.h) and scales float32 [outputs]. The scale of an output
// whose weights are not all finite is not finite either.
ct_tensor ct_int8_quantise(ct_tensor weight, ct_tensor *scales, ct_error *error);
ct_tensor ct_int8_unpack(ct_tensor packed, ct_tensor scales, int64_t width, ct_error *error);  // float32 [outputs, width]
// x [..., width] times the matrix transposed, plus bias: in integer arithmetic where that kernel is its own, with every row of x
// rounded to 16 bits, or to 8 where `coarse` [rows] (or NULL) says so. Otherwise, and without `own`, by unpacking.
ct_tensor ct_int8_linear(ct_tensor x, ct_tensor packed, ct_tensor scales, ct_tensor bias_or_null,
                         const bool *coarse_or_null, bool own, ct_error *error);
// A matrix [outputs, width] (floating-point, CPU, width a multiple of 32) rounded to 4 bits in groups of 32 with a float16
// scale, as blocks of GGML's Q4_0: uint8 [outputs, width / 32 * 18]. `is_finite`: whether all weights and scales are.
ct_tensor ct_block_quantise(ct_tensor weight, bool *is_finite, ct_error *error);
// The numbers of blocks of one of the GGML library's types, uint8 [rows, bytes of a row], as floating-point [rows, width] of
// up to 32 bits. Elsewhere than on the CPU of Q4_0 alone.
ct_tensor ct_block_unpack(ct_tensor blocks, int32_t type, int64_t width, ct_dtype dtype, ct_error *error);
// x [..., width] times such a matrix transposed, plus bias: unpacked on the way for few rows and, where `alike`, for all, so
// that a row does not depend on those beside it; and otherwise piece by piece to the element type of x.
ct_tensor ct_block_linear(ct_tensor x, ct_tensor blocks, int32_t type, ct_tensor bias_or_null, bool alike, ct_error *error);
ct_tensor ct_embedding(ct_tensor weight, ct_tensor ids, ct_error *error);
// x [..., hidden] scaled to unit root mean square in float32, cast back to x's dtype, times weight [hidden]. A float32
// weight of a narrower x is multiplied in float32, before the one rounding.
ct_tensor ct_rms_norm(ct_tensor x, ct_tensor weight, double epsilon, ct_error *error);
// x [..., hidden] centred and scaled to unit variance, times weight [hidden], plus bias [hidden], rounded once.
ct_tensor ct_layer_norm(ct_tensor x, ct_tensor weight, ct_tensor bias, double epsilon, ct_error *error);
// Rotary embedding of x [tokens, heads, dim] by cosines and sines [tokens, turned] of x's dtype, rotating halves of the first
// `turned` numbers of every head and leaving the others.
ct_tensor ct_rotate(ct_tensor x, ct_tensor cosines, ct_tensor sines, ct_error *error);
// silu(gate) * up
ct_tensor ct_gated_silu(ct_tensor gate, ct_tensor up, ct_error *error);
// q [n, heads, a, dim], k and v [n, heads, b, dim]; mask NULL or broadcastable to [n, heads, a, b], of q's dtype;
// causal only without a mask and for a == b.
ct_tensor ct_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_tensor mask_or_null, bool causal, double scale,
                       ct_error *error);
// The same with scores s that become cap tanh(s / cap) where the cap is not 0, and with one more score for each query
// where `sinks` (broadcastable to [n, heads, a, 1]) is not NULL, which takes its share of the softmax and has no value.
// Composed in float32, with gradients.
ct_tensor ct_shaped_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_tensor mask_or_null, bool causal, double scale,
                              double cap, ct_tensor sinks_or_null, ct_error *error);
// How scores are made: products times `scale`, then cap tanh(score / cap) where `cap` is not 0; `sinks` is NULL or one more
// score for each query head, float32 [heads] on the CPU, which takes its share of the softmax and has no value.
typedef struct ct_scores {
  double scale, cap;
  ct_tensor sinks;
} ct_scores;
// The new token's queries q [n, heads, queries, dim] over the first lengths[i] of k and v [n, heads, longest, dim], of
// which a window > 0 leaves the last ones. On the CPU in float32, bfloat16 or float16; a sequence does not depend on those
// beside it. Sinks are in the order of heads, then queries.
ct_tensor ct_decode_attention(ct_tensor q, ct_tensor k, ct_tensor v, const int64_t *lengths, int64_t window,
                              ct_scores scores, ct_error *error);
// Causal attention of sequences side by side: q [queries, heads, dim], k and v [keys, key-value heads, dim]; the
// queries of sequence i are rows starts[i] ..< starts[i + 1] of q (int32 [n + 1], on q's device), its keys likewise,
// and its last query is at its last key. A window > 0 leaves each query its last keys. Gives [queries, heads, dim].
// `longest_*` is the most queries or keys of a sequence.
ct_tensor ct_varlen_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_tensor query_starts, ct_tensor key_starts,
                              int64_t longest_queries, int64_t longest_keys, int64_t window, double scale,
                              ct_error *error);
// The segments of a pack: segment i is the rows starts[i] ..< starts[i + 1] of keys and values and continues the earlier
// segment parents[i] (-1: none). Its queries are the rows query_starts[i] ..< query_starts[i + 1] of q, those of the tokens
// query_rows[j] of the pack, ascending.
typedef struct ct_segments {
  int64_t count;
  const int64_t *starts, *parents, *query_starts, *query_rows;
} ct_segments;
// Causal attention of the queries over their own segments and those that these continue, on the CPU where
// CT_PACK_ATTENTION is this library's own, without gradients: q [queries, heads, dim], k and v [tokens, key-value heads,
// dim], dim even, scale positive. A window > 0 leaves each query its last keys. Gives [queries, heads, dim].
ct_tensor ct_segment_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_segments segments, int64_t window,
                               ct_scores scores, ct_error *error);
// Mean over rows of -log softmax(logits [n, classes])[target], in float32 or wider; rows whose target is `ignored` do
// not count, and without any that counts the result is NaN.
ct_tensor ct_cross_entropy(ct_tensor logits, ct_tensor targets, int64_t ignored, ct_error *error);
// output [n, out] + scale (x A^T) B^T for x [n, in], A [rank, in] and B [out, rank], in the matrices' element type, rounded
// once to the output's.
ct_tensor ct_add_low_rank(ct_tensor output, ct_tensor x, ct_tensor a, ct_tensor b, double scale, ct_error *error);
// probability in [0, 1)
ct_tensor ct_dropout(ct_tensor x, double probability, uint64_t seed, ct_error *error);

// ---- Quantised weights -----------------------------------------------------------------------------------------
// The numbers of `count` / block size blocks of the GGML library's type `type` (0 F32, 1 F16, 2 Q4_0, 3 Q4_1, 6 Q5_0, 7 Q5_1,
// 8 Q8_0, 10 to 14 Q2_K to Q6_K, 30 BF16), as a tensor of floating-point `dtype`. `data` must hold all the blocks.
ct_tensor ct_dequantise_ggml(const void *data, int32_t type, const int64_t *shape, int64_t rank, ct_dtype dtype,
                             ct_error *error);
// Bytes and numbers of one block of such a type; 0 for a type that is not read.
int64_t ct_ggml_block_bytes(int32_t type);
int64_t ct_ggml_block_values(int32_t type);
// float32 `table[code]` for each code of a contiguous uint8 tensor [..., n] on the CPU: [..., n] for codes of 8 bits
// (256 entries), [..., 2n] for codes of 4 (16 entries), whose lower half comes first if `low_first`.
ct_tensor ct_look_up(ct_tensor codes, int64_t bits, bool low_first, const float *table, ct_error *error);

// ---- Linear algebra --------------------------------------------------------------------------------------------
// Eigenvalues ascending [n] (returned) and eigenvectors as columns [n, n] of a symmetric matrix.
ct_tensor ct_eigen_symmetric(ct_tensor t, ct_tensor *vectors, ct_error *error);
// Thin SVD: singular values descending (returned), u [m, k], vt [k, n].
ct_tensor ct_singular_values(ct_tensor t, ct_tensor *u, ct_tensor *vt, ct_error *error);
ct_tensor ct_solve(ct_tensor a, ct_tensor b, ct_error *error);  // a [n, n], b [n, k]
ct_tensor ct_cholesky(ct_tensor t, ct_error *error);
ct_tensor ct_orthonormal(ct_tensor t, ct_error *error);  // q of the thin QR decomposition

#ifdef __cplusplus
}
#endif
