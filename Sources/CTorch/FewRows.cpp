// Products of a few rows with a weight matrix in bfloat16, as in decoding: what they take is reading the weights once.
#include <algorithm>

#include "Fused.h"
#include "Parallel.h"

#if defined(__x86_64__) && defined(__clang__)
#include <immintrin.h>
#define CT_BFLOAT16_PRODUCTS 1
#define CT_BFLOAT16_TARGET __attribute__((target("avx512f,avx512bf16")))
#endif

namespace ct {

#if CT_BFLOAT16_PRODUCTS

namespace {

/// Beyond this many rows libtorch's product is as fast: arithmetic begins to count. Of one row it reads half as quickly.
constexpr int64_t most_rows = 4;
/// Rows of weights that are read side by side.
constexpr int lanes = 4;

/// A product of `rows` rows: x [rows, width] by weights [outputs, width] and bias [outputs], into out [rows, outputs].
struct Product {
  const uint16_t *x, *weights;
  const c10::BFloat16 *bias;
  c10::BFloat16 *out;
  int64_t rows, width, outputs;
};

CT_BFLOAT16_TARGET inline __m512bh load(const uint16_t *numbers) {
  return reinterpret_cast<__m512bh>(_mm512_loadu_si512(numbers));
}

/// `Rows` rows from `row` on by `Outputs` weight rows from `output` on, summed in float32 and rounded once.
template <int Rows, int Outputs>
CT_BFLOAT16_TARGET void multiply(const Product &p, int64_t row, int64_t output) {
  __m512 sums[Rows][Outputs];
  for (int r = 0; r < Rows; r++)
    for (int o = 0; o < Outputs; o++) sums[r][o] = _mm512_setzero_ps();
  const uint16_t *x = p.x + row * p.width, *weights = p.weights + output * p.width;
  for (int64_t i = 0; i < p.width; i += 32) {
    __m512bh own[Outputs];
    for (int o = 0; o < Outputs; o++) own[o] = load(weights + o * p.width + i);
    for (int r = 0; r < Rows; r++) {
      __m512bh numbers = load(x + r * p.width + i);
      for (int o = 0; o < Outputs; o++) sums[r][o] = _mm512_dpbf16_ps(sums[r][o], numbers, own[o]);
    }
  }
  for (int r = 0; r < Rows; r++)
    for (int o = 0; o < Outputs; o++) {
      float sum = _mm512_reduce_add_ps(sums[r][o]) + (p.bias ? static_cast<float>(p.bias[output + o]) : 0.0f);
      p.out[(row + r) * p.outputs + output + o] = c10::BFloat16(sum);
    }
}

/// All rows, four at a time: the weight rows come from memory once and from the cache afterwards.
template <int Outputs>
void multiply_rows(const Product &p, int64_t output) {
  int64_t row = 0;
  for (; row + 4 <= p.rows; row += 4) multiply<4, Outputs>(p, row, output);
  switch (p.rows - row) {
    case 3: return multiply<3, Outputs>(p, row, output);
    case 2: return multiply<2, Outputs>(p, row, output);
    case 1: return multiply<1, Outputs>(p, row, output);
  }
}

void multiply_outputs(const Product &p, int64_t begin, int64_t end) {
  int64_t output = begin;
  for (; output + lanes <= end; output += lanes) multiply_rows<lanes>(p, output);
  for (; output < end; output++) multiply_rows<1>(p, output);
}

/// Whether the tensors are what the loops above can read.
bool fits(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias) {
  static const bool has_products = __builtin_cpu_supports("avx512bf16");
  if (!has_products || recording_gradients || x.dim() != 2 || weight.dim() != 2) return false;
  for (const at::Tensor *t : {&x, &weight, bias})
    if (t && (!t->is_cpu() || !t->is_contiguous() || t->scalar_type() != at::kBFloat16)) return false;
  if (bias && (bias->dim() != 1 || bias->size(0) != weight.size(0))) return false;
  return x.size(0) > 0 && x.size(0) <= most_rows && x.size(1) == weight.size(1) && x.size(1) % 32 == 0;
}

}  // namespace

at::Tensor few_rows_linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias) {
  if (!fits(x, weight, bias)) return {};
  at::Tensor out = at::empty({x.size(0), weight.size(0)}, x.options());
  Product product = {static_cast<const uint16_t *>(x.const_data_ptr()),
                     static_cast<const uint16_t *>(weight.const_data_ptr()),
                     bias ? static_cast<const c10::BFloat16 *>(bias->const_data_ptr()) : nullptr,
                     static_cast<c10::BFloat16 *>(out.mutable_data_ptr()),
                     x.size(0),
                     x.size(1),
                     weight.size(0)};
  int64_t grain = std::max<int64_t>(lanes, 32768 / std::max<int64_t>(1, x.size(1)));
  parallel_for(0, weight.size(0), grain,
                   [&](int64_t begin, int64_t end) { multiply_outputs(product, begin, end); });
  return out;
}

#else

at::Tensor few_rows_linear(const at::Tensor &, const at::Tensor &, const at::Tensor *) { return {}; }

#endif

}  // namespace ct
