// Products of many rows with a weight matrix in bfloat16, as in a pass over prompts: nearly all of its arithmetic.
//
// libtorch's library packs the weights anew for every few rows, which takes a tenth of its time; here a block of weights is
// packed once for some thousand rows, into the second-level cache, and thrown away, so that weights are never held twice.
#include <algorithm>
#include <atomic>

#include "Fused.h"
#include "Parallel.h"
#include "Tiles.h"

namespace ct {

#if CT_TILES

namespace {

/// Below this many rows packing the weights costs more than it saves.
constexpr int64_t fewest_rows = 96;
/// Rows and columns of a block of the result, and how deep the weights of one are packed at a time: 2048 x 128 weights
/// are half of a second-level cache of 1 MiB, and 2064 x 128 sums a share of the third.
constexpr int64_t block_rows = 2064, block_columns = 2 * tiles::panel_columns, block_depth = 2048;

struct Product {
  const uint16_t *x;
  const uint16_t *weights;  // [columns, depth] or, where they are `upright`, [depth, columns]
  bool upright;
  const uint16_t *bias;  // or null
  uint16_t *out;
  int64_t rows, depth, columns;
};

struct Block {
  int64_t row, rows, column, columns;
};

/// What one thread works in.
struct Workspace {
  uint16_t *panels;  // [block_columns / panel_columns][block_depth * panel_columns]
  float *sums;       // [block_rows][block_columns]
};

int64_t vectors(int64_t columns) { return std::min(tiles::panel_columns, columns) / tiles::lanes; }

/// Rounds sums, with the bias, into the result.
CT_TILE_TARGET void store(const Product &p, const float *sums, int64_t row, int64_t rows, int64_t column,
                          int64_t vectors) {
  for (int64_t v = 0; v < vectors; v++) {
    int64_t place = column + v * tiles::lanes;
    __m512 bias = _mm512_setzero_ps();
    if (p.bias) {
      __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p.bias + place));
      bias = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
    }
    for (int64_t r = 0; r < rows; r++) {
      __m512 sum = _mm512_add_ps(_mm512_loadu_ps(sums + r * block_columns + v * tiles::lanes), bias);
      auto *to = reinterpret_cast<__m256i *>(p.out + (row + r) * p.columns + place);
      _mm256_storeu_si256(to, reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(sum)));
    }
  }
}

/// Packs the weights of a panel that begins at `column`, of which `columns` are left.
void pack(const Product &p, int64_t column, int64_t columns, int64_t start, int64_t depth, uint16_t *panel) {
  if (p.upright)
    tiles::pack_rows(p.weights + start * p.columns + column, p.columns, depth, depth, vectors(columns), panel);
  else
    tiles::pack_columns(p.weights + column * p.depth + start, p.depth, columns, depth, vectors(columns), panel);
}

/// The block's sums over `depth` numbers from `start` on.
void multiply(const Product &p, const Block &b, int64_t start, int64_t depth, const Workspace &w) {
  for (int64_t c = 0; c < b.columns; c += tiles::panel_columns)
    pack(p, b.column + c, b.columns - c, start, depth, w.panels + c * depth);
  for (int64_t r = 0; r < b.rows; r += tiles::most_rows) {
    int64_t rows = std::min(tiles::most_rows, b.rows - r);
    for (int64_t c = 0; c < b.columns; c += tiles::panel_columns) {
      float *sums = w.sums + r * block_columns + c;
      tiles::multiply({p.x + (b.row + r) * p.depth + start, p.depth, w.panels + c * depth, depth, sums, block_columns,
                       /*adds=*/start > 0},
                      rows, vectors(b.columns - c));
      if (start + depth == p.depth) store(p, sums, b.row + r, rows, b.column + c, vectors(b.columns - c));
    }
  }
}

/// How many rows the blocks of a product have: as many as fit, but fewer where threads would have nothing to do.
int64_t rows_a_block(const Product &p, int64_t threads) {
  int64_t side_by_side = (p.columns + block_columns - 1) / block_columns;
  int64_t stacked = (p.rows + block_rows - 1) / block_rows;
  while (stacked * side_by_side < 2 * threads && p.rows / stacked > 2 * fewest_rows) stacked++;
  int64_t rows = (p.rows + stacked - 1) / stacked;
  return (rows + tiles::most_rows - 1) / tiles::most_rows * tiles::most_rows;
}

/// Threads take blocks as they come to them: a neighbour on one core does not hold up the others.
void multiply(const Product &p) {
  int64_t threads = at::get_num_threads(), rows = rows_a_block(p, threads);
  int64_t stacked = (p.rows + rows - 1) / rows, count = stacked * ((p.columns + block_columns - 1) / block_columns);
  constexpr int64_t panel_bytes = 2 * block_columns * block_depth, bytes = panel_bytes + 4 * block_rows * block_columns;
  at::Tensor space = at::empty({threads, bytes}, at::kByte);
  auto *base = static_cast<uint8_t *>(space.mutable_data_ptr());
  std::atomic<int64_t> next{0};
  parallel_for(0, threads, 1, [&](int64_t begin, int64_t) {
    uint8_t *own = base + begin * bytes;
    Workspace workspace = {reinterpret_cast<uint16_t *>(own), reinterpret_cast<float *>(own + panel_bytes)};
    for (int64_t i; (i = next++) < count;) {
      Block b = {i % stacked * rows, 0, i / stacked * block_columns, 0};
      b.rows = std::min(rows, p.rows - b.row);
      b.columns = std::min(block_columns, p.columns - b.column);
      for (int64_t start = 0; start < p.depth; start += block_depth)
        multiply(p, b, start, std::min(block_depth, p.depth - start), workspace);
    }
  });
}

/// Whether the tensors are what the loops above can read: `columns` is the result's width, `depth` what is summed over.
bool fits(const at::Tensor &x, const at::Tensor &weight, int64_t depth, int64_t columns) {
  if (recording_gradients || !tiles::available() || x.dim() != 2) return false;
  for (const at::Tensor *t : {&x, &weight})
    if (!t->is_cpu() || !t->is_contiguous() || t->scalar_type() != at::kBFloat16) return false;
  return x.size(0) >= fewest_rows && x.size(1) == depth && depth > 0 && depth % 32 == 0 && columns > 0 &&
         columns % tiles::lanes == 0;
}

const uint16_t *numbers(const at::Tensor &t) { return static_cast<const uint16_t *>(t.const_data_ptr()); }

/// The product with weights that fit.
at::Tensor multiplied(const at::Tensor &x, const at::Tensor &weight, bool upright, const at::Tensor *bias) {
  int64_t columns = weight.size(upright ? 1 : 0);
  at::Tensor out = at::empty({x.size(0), columns}, x.options());
  multiply({numbers(x), numbers(weight), upright, bias ? numbers(*bias) : nullptr,
            static_cast<uint16_t *>(out.mutable_data_ptr()), x.size(0), x.size(1), columns});
  return out;
}

}  // namespace

at::Tensor many_rows_linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias) {
  if (weight.dim() != 2 || !fits(x, weight, weight.size(1), weight.size(0))) return {};
  bool has_own_bias = bias && bias->is_cpu() && bias->is_contiguous() && bias->scalar_type() == at::kBFloat16 &&
                      bias->dim() == 1 && bias->size(0) == weight.size(0);
  if (bias && !has_own_bias) return {};
  return multiplied(x, weight, /*upright=*/false, bias);
}

at::Tensor many_rows_matmul(const at::Tensor &x, const at::Tensor &matrix) {
  if (matrix.dim() != 2 || !fits(x, matrix, matrix.size(0), matrix.size(1))) return {};
  return multiplied(x, matrix, /*upright=*/true, nullptr);
}

#else

at::Tensor many_rows_linear(const at::Tensor &, const at::Tensor &, const at::Tensor *) { return {}; }
at::Tensor many_rows_matmul(const at::Tensor &, const at::Tensor &) { return {}; }

#endif

}  // namespace ct
