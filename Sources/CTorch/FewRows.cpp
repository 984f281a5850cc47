// Products of a few rows with weight matrices in bfloat16, as in decoding: what they take is reading the weights once.
//
// Up to `most_by_rows` rows, sums run along the rows of the weights as they lie in memory; beyond, 16 rows fill a vector
// register and each pair of weights is broadcast to it, which keeps the multipliers busy. Weights are never packed. Within
// either form a row's sums are in the same order whatever rows are beside it.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "Fused.h"
#include "Parallel.h"

#if defined(__x86_64__) && defined(__clang__)
#include <immintrin.h>
#define CT_BFLOAT16_PRODUCTS 1
#define CT_BFLOAT16_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#endif

namespace ct {

#if CT_BFLOAT16_PRODUCTS

namespace {

/// Beyond this many rows libtorch's product is as fast.
constexpr int64_t most_rows = 64;
constexpr int64_t most_by_rows = 12;
/// Rows of weights that are read side by side.
constexpr int lanes = 4;
/// Numbers in a vector of bfloat16, and how many of them ahead weights are fetched.
constexpr int64_t step = 32, ahead = 256;

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

float bias(const Product &p, int64_t output) { return p.bias ? static_cast<float>(p.bias[output]) : 0.0f; }

// ---- Along the rows of the weights -----------------------------------------------------------------------------

/// `Rows` rows from `row` on by `Outputs` weight rows from `output` on, summed in float32 and rounded once.
template <int Rows, int Outputs>
CT_BFLOAT16_TARGET void multiply(const Product &p, int64_t row, int64_t output) {
  __m512 sums[Rows][Outputs];
  for (int r = 0; r < Rows; r++)
    for (int o = 0; o < Outputs; o++) sums[r][o] = _mm512_setzero_ps();
  const uint16_t *x = p.x + row * p.width, *weights = p.weights + output * p.width;
  for (int64_t i = 0; i < p.width; i += step) {
    __m512bh own[Outputs];
    for (int o = 0; o < Outputs; o++) own[o] = load(weights + o * p.width + i);
    for (int r = 0; r < Rows; r++) {
      __m512bh numbers = load(x + r * p.width + i);
      for (int o = 0; o < Outputs; o++) sums[r][o] = _mm512_dpbf16_ps(sums[r][o], numbers, own[o]);
    }
  }
  for (int r = 0; r < Rows; r++)
    for (int o = 0; o < Outputs; o++)
      p.out[(row + r) * p.outputs + output + o] =
          c10::BFloat16(_mm512_reduce_add_ps(sums[r][o]) + bias(p, output + o));
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

// ---- 16 rows a register ----------------------------------------------------------------------------------------

/// How many vectors of 16 rows are multiplied at once.
int vectors(int64_t rows) { return rows <= 16 ? 1 : 2; }

/// x [rows, width] in panels of 16 * vectors rows, in each the pairs of numbers of all its rows side by side:
/// [panels, width / 2, 16 * vectors, 2], filled up with zeros.
at::Tensor panels(const at::Tensor &x) {
  int64_t rows = x.size(0), pairs = x.size(1) / 2, tall = 16 * vectors(rows);
  at::Tensor out = at::zeros({(rows + tall - 1) / tall, pairs, tall, 2}, x.options());
  auto *from = static_cast<const char *>(x.const_data_ptr());
  auto *to = static_cast<char *>(out.mutable_data_ptr());
  parallel_for(0, pairs, 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < rows; row++)
      for (int64_t pair = begin; pair < end; pair++)
        std::memcpy(to + ((row / tall * pairs + pair) * tall + row % tall) * 4, from + (row * pairs + pair) * 4, 4);
  });
  return out;
}

/// The panel's sums, [Outputs][16 * Vectors], rounded into those of its rows that are real.
template <int Vectors, int Outputs>
CT_BFLOAT16_TARGET void store(const Product &p, int64_t row, int64_t output, const __m512 (&sums)[Vectors][Outputs]) {
  alignas(32) uint16_t rounded[Outputs][16 * Vectors];
  for (int o = 0; o < Outputs; o++)
    for (int v = 0; v < Vectors; v++) {
      __m512 sum = _mm512_add_ps(sums[v][o], _mm512_set1_ps(bias(p, output + o)));
      _mm256_store_si256(reinterpret_cast<__m256i *>(&rounded[o][16 * v]),
                         reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(sum)));
    }
  int64_t rows = std::min<int64_t>(16 * Vectors, p.rows - row);
  auto *out = reinterpret_cast<uint16_t *>(p.out) + row * p.outputs + output;
  for (int64_t r = 0; r < rows; r++)
    for (int o = 0; o < Outputs; o++) out[r * p.outputs + o] = rounded[o][r];
}

/// One panel, whose first row is `row`, by `Outputs` weight rows. The first panel fetches the weights ahead.
template <int Vectors, int Outputs>
CT_BFLOAT16_TARGET void multiply_panel(const Product &p, int64_t row, int64_t output) {
  __m512 sums[Vectors][Outputs];
  for (int v = 0; v < Vectors; v++)
    for (int o = 0; o < Outputs; o++) sums[v][o] = _mm512_setzero_ps();
  const uint16_t *x = p.x + row * p.width, *weights = p.weights + output * p.width, *next = weights + ahead;
  for (int64_t i = 0; i < p.width; i += step) {
    if (i == p.width - ahead) next += (Outputs - 1) * p.width;  // past these rows' ends lie the next ones
    if (row == 0)
      for (int o = 0; o < Outputs; o++) _mm_prefetch(next + o * p.width + i, _MM_HINT_T0);
#pragma clang loop unroll_count(4)
    for (int64_t j = i; j < i + step; j += 2) {
      __m512bh numbers[Vectors];
      for (int v = 0; v < Vectors; v++) numbers[v] = load(x + (j * Vectors + 2 * v) * 16);
      for (int o = 0; o < Outputs; o++) {
        int32_t pair;
        std::memcpy(&pair, weights + o * p.width + j, 4);
        auto own = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
        for (int v = 0; v < Vectors; v++) sums[v][o] = _mm512_dpbf16_ps(sums[v][o], numbers[v], own);
      }
    }
  }
  store<Vectors, Outputs>(p, row, output, sums);
}

template <int Vectors, int Outputs>
void multiply_panels(const Product &p, int64_t output) {
  for (int64_t row = 0; row < p.rows; row += 16 * Vectors) multiply_panel<Vectors, Outputs>(p, row, output);
}

// ---- Both ------------------------------------------------------------------------------------------------------

/// As many outputs at a time as the registers hold, then the rest one by one.
template <int Outputs, class Many, class One>
void each_output(int64_t begin, int64_t end, Many many, One one) {
  int64_t output = begin;
  for (; output + Outputs <= end; output += Outputs) many(output);
  for (; output < end; output++) one(output);
}

void multiply_outputs(const Product &p, int64_t begin, int64_t end) {
  if (p.rows <= most_by_rows)
    each_output<lanes>(
        begin, end, [&](int64_t o) { multiply_rows<lanes>(p, o); }, [&](int64_t o) { multiply_rows<1>(p, o); });
  else if (vectors(p.rows) == 1)
    each_output<16>(
        begin, end, [&](int64_t o) { multiply_panels<1, 16>(p, o); }, [&](int64_t o) { multiply_panels<1, 1>(p, o); });
  else
    each_output<8>(
        begin, end, [&](int64_t o) { multiply_panels<2, 8>(p, o); }, [&](int64_t o) { multiply_panels<2, 1>(p, o); });
}

/// Products of the same rows, in pieces that threads take as they come to them: none waits for one that a neighbour on
/// its core holds up. A piece is half a megabyte of weights, and a thread more must bring two of them.
void multiply_all(const std::vector<Product> &products) {
  int64_t piece = std::max<int64_t>(16, 262144 / products[0].width / 16 * 16), pieces = 0;
  std::vector<int64_t> firsts;
  for (const Product &p : products) {
    firsts.push_back(pieces);
    pieces += (p.outputs + piece - 1) / piece;
  }
  std::atomic<int64_t> next{0};
  int64_t threads = std::clamp<int64_t>(pieces / 2, 1, at::get_num_threads());
  parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    for (int64_t i; (i = next++) < pieces;) {
      int64_t which = std::upper_bound(firsts.begin(), firsts.end(), i) - firsts.begin() - 1;
      int64_t begin = (i - firsts[which]) * piece;
      multiply_outputs(products[which], begin, std::min(begin + piece, products[which].outputs));
    }
  });
}

/// Whether the tensors are what the loops above can read.
bool fits(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias) {
  if (!has_bfloat16_products() || recording_gradients || x.dim() != 2 || weight.dim() != 2) return false;
  for (const at::Tensor *t : {&x, &weight, bias})
    if (t && (!t->is_cpu() || !t->is_contiguous() || t->scalar_type() != at::kBFloat16)) return false;
  if (bias && (bias->dim() != 1 || bias->size(0) != weight.size(0))) return false;
  return x.size(0) > 0 && x.size(0) <= most_rows && x.size(1) == weight.size(1) && x.size(1) > 0 && x.size(1) % step == 0;
}

}  // namespace

bool has_bfloat16_products() {
  static const bool has = [] {
    const char *wanted = std::getenv("TELLTALE_BFLOAT16");
    return !(wanted && std::strcmp(wanted, "libtorch") == 0) && __builtin_cpu_supports("avx512bf16") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  }();
  return has;
}

std::vector<at::Tensor> few_rows_linear(const at::Tensor &x, const std::vector<const at::Tensor *> &weights,
                                        const std::vector<const at::Tensor *> &biases) {
  for (size_t i = 0; i < weights.size(); i++)
    if (!fits(x, *weights[i], biases[i])) return {};
  at::Tensor packed = x.size(0) > most_by_rows ? panels(x) : x;
  std::vector<at::Tensor> outs;
  std::vector<Product> products;
  for (size_t i = 0; i < weights.size(); i++) {
    outs.push_back(at::empty({x.size(0), weights[i]->size(0)}, x.options()));
    products.push_back({static_cast<const uint16_t *>(packed.const_data_ptr()),
                        static_cast<const uint16_t *>(weights[i]->const_data_ptr()),
                        biases[i] ? static_cast<const c10::BFloat16 *>(biases[i]->const_data_ptr()) : nullptr,
                        static_cast<c10::BFloat16 *>(outs[i].mutable_data_ptr()), x.size(0), x.size(1),
                        weights[i]->size(0)});
  }
  if (!products.empty()) multiply_all(products);
  return outs;
}

#else

bool has_bfloat16_products() { return false; }

std::vector<at::Tensor> few_rows_linear(const at::Tensor &, const std::vector<const at::Tensor *> &,
                                        const std::vector<const at::Tensor *> &) {
  return {};
}

#endif

}  // namespace ct
