// Products of many rows with a weight matrix, as in a pass over prompts: nearly all of its arithmetic.
//
// libtorch's library packs the weights anew for every few rows, which takes a tenth of its time; here a block of weights is
// packed once for some thousand rows, into the second-level cache, and thrown away, so that weights are never kept twice.
// Those that the processor does not multiply as they are become float32 there. A number is the sum of its products from
// the first to the last: a row comes out bit by bit the same whatever rows are computed with it, on any number of threads.
#ifdef CT_LANES

#include "tiles.h"

/// Rows and columns of a block of the result: 2064 x 128 sums are a share of the third-level cache.
constexpr int64_t block_rows = 2064, block_columns = panel_columns * (lanes == 16 ? 2 : 4);
/// How deep the weights of a block are packed at a time: 128 columns are half of a second-level cache of 1 MiB.
template <class How>
constexpr int64_t block_depth = 4096 / sizeof(typename How::Row);

template <class How>
struct Product {
  const typename How::Row *x;
  const typename How::Weight *weights;  // [columns, depth] or, where they are `upright`, [depth, columns]
  bool upright;
  const typename How::Weight *bias;  // or null
  typename How::Weight *out;
  int64_t rows, depth, columns;
};

struct Block {
  int64_t row, rows, column, columns;
};

/// What one thread works in.
template <class How>
struct Workspace {
  std::vector<typename How::Row> panels;  // [block_columns / panel_columns][block_depth * panel_columns]
  std::vector<float> sums;                // [block_rows][block_columns]

  void make_room(int64_t rows) {
    if (panels.empty()) panels.resize(block_columns * block_depth<How>);
    if (int64_t(sums.size()) < rows * block_columns) sums.resize(rows * block_columns);
  }
};

inline int64_t vectors(int64_t columns) { return (std::min(panel_columns, columns) + lanes - 1) / lanes; }

/// Rounds sums, with the bias, into the result: `columns` of them at most, from a panel that begins at `column`.
template <class How>
void round_sums(const Product<How> &p, const float *sums, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  each(std::min(panel_columns, columns), [&](int64_t i, int64_t own) {
    Vector bias = p.bias ? load(p.bias + column + i, own) : Vector(0.0f);
    for (int64_t r = 0; r < rows; r++)
      store(p.out + (row + r) * p.columns + column + i, load(sums + r * block_columns + i) + bias, own);
  });
}

/// Packs the weights of a panel that begins at `column`, of which `columns` are left.
template <class How>
void pack(const Product<How> &p, int64_t column, int64_t columns, int64_t start, int64_t depth,
          typename How::Row *panel) {
  if (p.upright)
    pack_rows<How>(p.weights + start * p.columns + column, p.columns, depth, depth, vectors(columns), panel, columns);
  else
    pack_columns<How>(p.weights + column * p.depth + start, p.depth, columns, depth, vectors(columns), panel);
}

/// The block's sums over `depth` numbers from `start` on.
template <class How>
void multiply(const Product<How> &p, const Block &b, int64_t start, int64_t depth, Workspace<How> &w) {
  for (int64_t c = 0; c < b.columns; c += panel_columns)
    pack(p, b.column + c, b.columns - c, start, depth, w.panels.data() + c * depth);
  for (int64_t r = 0; r < b.rows; r += most_rows) {
    int64_t rows = std::min(most_rows, b.rows - r);
    for (int64_t c = 0; c < b.columns; c += panel_columns) {
      float *sums = w.sums.data() + r * block_columns + c;
      multiply<How>({p.x + (b.row + r) * p.depth + start, p.depth, w.panels.data() + c * depth, depth, sums,
                     block_columns, /*adds=*/start > 0},
                    rows, vectors(b.columns - c));
      if (start + depth == p.depth) round_sums(p, sums, b.row + r, rows, b.column + c, b.columns - c);
    }
  }
}

/// How many rows the blocks of a product have: as many as fit, but fewer where threads would have nothing to do.
inline int64_t rows_a_block(int64_t rows, int64_t columns, int64_t threads) {
  int64_t side_by_side = (columns + block_columns - 1) / block_columns;
  int64_t stacked = (rows + block_rows - 1) / block_rows;
  while (stacked * side_by_side < 2 * threads && rows / stacked > 2 * fewest_many_rows) stacked++;
  int64_t share = (rows + stacked - 1) / stacked;
  return (share + most_rows - 1) / most_rows * most_rows;
}

/// Threads take blocks as they come to them: a neighbour on one core does not hold up the others.
template <class How>
void multiply_all(const Product<How> &p) {
  int64_t threads = p.rows * p.columns * p.depth < 1 << 20 ? 1 : at::get_num_threads();
  int64_t rows = rows_a_block(p.rows, p.columns, threads), stacked = (p.rows + rows - 1) / rows;
  int64_t count = stacked * ((p.columns + block_columns - 1) / block_columns);
  std::atomic<int64_t> next{0};
  parallel_for(0, std::min(threads, count), 1, [&](int64_t, int64_t) {
    static thread_local Workspace<How> workspace;
    workspace.make_room(std::min(rows, p.rows));
    for (int64_t i; (i = next++) < count;) {
      Block b = {i % stacked * rows, 0, i / stacked * block_columns, 0};
      b.rows = std::min(rows, p.rows - b.row);
      b.columns = std::min(block_columns, p.columns - b.column);
      for (int64_t start = 0; start < p.depth; start += block_depth<How>)
        multiply(p, b, start, std::min(block_depth<How>, p.depth - start), workspace);
    }
  });
}

/// x [rows, depth] by weights, into out [rows, columns]; rows that must be widened are, some thousand at a time.
void multiply_many(const at::Tensor &x, const at::Tensor &weight, bool upright, const at::Tensor *bias, at::Tensor &out) {
  by_type(x, [&](auto number) {
    using T = decltype(number);
    using Row = typename By<T>::Row;
    int64_t rows = x.size(0), depth = x.size(1), columns = out.size(1), slab = sizeof(Row) == sizeof(T) ? rows : block_rows;
    for (int64_t row = 0; row < rows; row += slab) {
      int64_t own = std::min(slab, rows - row);
      at::Tensor numbers = x.narrow(0, row, own).to(c10::CppTypeToScalarType<Row>::value);
      multiply_all<By<T>>({data<Row>(numbers), data<T>(weight), upright, bias ? data<T>(*bias) : nullptr,
                           writable<T>(out) + row * columns, own, depth, columns});
    }
  });
}

#else

#include <atomic>

#include "Kernels.h"

#define CT_SOURCE "ManyRows.cpp"
#include "each_isa.h"

namespace ct {

at::Tensor many_rows_product(const at::Tensor &x, const at::Tensor &weight, bool upright, const at::Tensor *bias) {
  if (recording_gradients || !is_own_product(x.scalar_type(), CT_MANY_ROWS) || x.dim() < 1 || weight.dim() != 2) return {};
  int64_t depth = weight.size(upright ? 0 : 1), columns = weight.size(upright ? 1 : 0);
  if (!readable({&x, &weight, bias}) || x.size(-1) != depth) return {};
  if (x.scalar_type() == at::kBFloat16 && depth % 2 != 0) return {};  // pairs
  if (bias && (bias->dim() != 1 || bias->size(0) != columns)) return {};
  at::Tensor rows = x.view({-1, depth}), out = at::empty({rows.size(0), columns}, x.options());
  CT_CHOSEN(multiply_many)(rows, weight, upright, bias, out);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = columns;
  return out.view(shape);
}

}  // namespace ct
#endif
