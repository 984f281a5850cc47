// Products by tiles that stay in registers: what ManyRows.cpp and SegmentAttention.cpp are made of. Included in their
// bodies, once for every instruction set.
//
// A panel holds up to `panel_columns` columns of the second matrix, `unit` of its rows interleaved, as the processor's
// instruction takes them: [depth / unit][columns][unit]. A tile is up to 6 rows by one panel.

constexpr int64_t most_rows = 6;
constexpr int most_vectors = lanes == 16 ? 4 : 2;
constexpr int64_t panel_columns = lanes * most_vectors;

/// Up to 6 rows of x, `x_stride` numbers apart, by a panel, into sums [rows][columns], `sum_stride` apart.
template <class How>
struct Tile {
  const typename How::Row *x;
  int64_t x_stride;
  const typename How::Row *panel;
  int64_t depth;  // a multiple of `unit`
  float *sums;
  int64_t sum_stride;
  bool adds;  // to what is in `sums` already
};

template <int Rows, int Vectors, class How>
void multiply_tile(const Tile<How> &t) {
  using Operand = typename How::Operand;
  Vector sums[Rows][Vectors];
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) sums[r][v] = t.adds ? load(t.sums + r * t.sum_stride + lanes * v) : Vector(0.0f);
  auto *x = t.x, *panel = t.panel;
  for (int64_t i = 0; i < t.depth; i += How::unit, panel += How::step * Vectors) {
    Operand columns[Vectors];
    for (int v = 0; v < Vectors; v++) columns[v] = How::row(panel + How::step * v);
    for (int r = 0; r < Rows; r++) {
      Operand row = How::every(x + r * t.x_stride + i);
      for (int v = 0; v < Vectors; v++) sums[r][v] = How::add(sums[r][v], row, columns[v]);
    }
  }
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) store(t.sums + r * t.sum_stride + lanes * v, sums[r][v]);
}

template <int Vectors, class How>
void multiply_rows(const Tile<How> &t, int64_t rows) {
  switch (rows) {
    case 1: return multiply_tile<1, Vectors>(t);
    case 2: return multiply_tile<2, Vectors>(t);
    case 3: return multiply_tile<3, Vectors>(t);
    case 4: return multiply_tile<4, Vectors>(t);
    case 5: return multiply_tile<5, Vectors>(t);
    case 6: return multiply_tile<6, Vectors>(t);
  }
}

/// `rows` from 1 to 6 by a panel of `lanes` * `vectors` columns.
template <class How>
void multiply(const Tile<How> &tile, int64_t rows, int64_t vectors) {
  if (vectors == 1) return multiply_rows<1>(tile, rows);
  if (vectors == 2) return multiply_rows<2>(tile, rows);
  if constexpr (most_vectors > 2) return vectors == 3 ? multiply_rows<3>(tile, rows) : multiply_rows<4>(tile, rows);
}

/// `unit` numbers a word, of which the first `count` numbers are there.
template <class How>
inline Words words(const typename How::Weight *from, int64_t count) {
  if constexpr (How::unit == 1) {
    return bits<Words>(load(from, count));
  } else {
    if (count >= How::step) return read<Words>(from);
    typename How::Weight numbers[How::step] = {};
    std::copy_n(from, count, numbers);
    return read<Words>(numbers);
  }
}

/// Makes a panel of `lanes` * `vectors` columns from `count` rows of `depth` adjacent numbers, `stride` apart, each of which
/// becomes a column; columns beyond `count` are zero. `depth` is a multiple of `unit`.
template <class How>
void pack_columns(const typename How::Weight *rows, int64_t stride, int64_t count, int64_t depth, int64_t vectors,
                  typename How::Row *panel) {
  for (int64_t v = 0; v < vectors; v++) {
    int64_t own = std::clamp<int64_t>(count - v * lanes, 0, lanes);
    const auto *from = rows + v * lanes * stride;
    for (int64_t i = 0; i < depth; i += How::step) {
      Words block[CT_LANES];
      for (int64_t r = 0; r < lanes; r++) block[r] = r < own ? words<How>(from + r * stride + i, depth - i) : Words(0u);
      transpose(block);
      int64_t units = std::min(lanes, (depth - i) / How::unit);
      for (int64_t unit = 0; unit < units; unit++)
        std::memcpy(panel + How::step * ((i / How::unit + unit) * vectors + v), &block[unit], sizeof(Words));
    }
  }
}

template <int... I>
inline Words interleaved(Halves a, Halves b, std::integer_sequence<int, I...>) {
  return bits<Words>(__builtin_shufflevector(a, b, (I / 2 + I % 2 * CT_LANES)...));
}

/// The words of `lanes` columns: a number each, or one number of both rows where `unit` is 2; no row is one of zeros.
template <class How>
inline Words column_words(const typename How::Weight *first, const typename How::Weight *second, int64_t columns) {
  if constexpr (How::unit == 1) return first ? bits<Words>(load(first, columns)) : Words(0u);
  auto numbers = [&](auto *row) {
    if (row && columns >= lanes) return read<Halves>(row);
    typename How::Weight own[lanes] = {};
    if (row) std::copy_n(row, std::max<int64_t>(columns, 0), own);
    return read<Halves>(own);
  };
  return interleaved(numbers(first), numbers(second), std::make_integer_sequence<int, 2 * CT_LANES>());
}

/// Makes a panel of `lanes` * `vectors` columns from `count` rows of `columns` adjacent numbers, `stride` apart, which stay
/// rows; rows up to `depth` and columns beyond `columns` are zero.
template <class How>
void pack_rows(const typename How::Weight *rows, int64_t stride, int64_t count, int64_t depth, int64_t vectors,
               typename How::Row *panel, int64_t columns = panel_columns) {
  for (int64_t i = 0; i < depth; i += How::unit)
    for (int64_t v = 0; v < vectors; v++) {
      auto row = [&](int64_t r) { return r < count ? rows + r * stride + v * lanes : nullptr; };
      Words both = column_words<How>(row(i), row(i + 1), columns - v * lanes);
      std::memcpy(panel + How::step * (i / How::unit * vectors + v), &both, sizeof both);
    }
}
