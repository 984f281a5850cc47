// Products of bfloat16 matrices by tiles that stay in registers, on processors with AVX512-BF16: what ManyRows.cpp and
// SegmentAttention.cpp are made of.
//
// A panel holds 16 to 64 columns of the second matrix, two of its rows interleaved, as the processor's instruction takes
// them: [depth / 2][columns][2]. A tile is up to 6 rows by one panel: 24 registers of sums, 4 of the panel, 1 of a row.
#pragma once
#include <cstdint>
#include <cstring>

#include "Guard.h"

#if defined(__x86_64__) && defined(__clang__)
#include <immintrin.h>
#define CT_TILES 1
#define CT_TILE_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

namespace ct::tiles {

constexpr int64_t most_rows = 6, lanes = 16, most_vectors = 4, panel_columns = lanes * most_vectors;

/// Whether this processor and the user want these products. One with AMX is faster through libtorch, whose library uses
/// it; TELLTALE_BFLOAT16=libtorch asks for libtorch's.
bool available();

/// Up to 6 rows of x, `x_stride` numbers apart, by a panel, into sums [rows][columns], `sum_stride` apart.
struct Tile {
  const uint16_t *x;
  int64_t x_stride;
  const uint16_t *panel;
  int64_t depth;  // even
  float *sums;
  int64_t sum_stride;
  bool adds;  // to what is in `sums` already
};

/// `rows` from 1 to 6 by a panel of 16 * `vectors` columns.
void multiply(const Tile &tile, int64_t rows, int64_t vectors);

/// Makes a panel of 16 * `vectors` columns from `count` rows of `depth` adjacent numbers, `stride` apart, each of which
/// becomes a column; columns beyond `count` are zero. `depth` is even.
void pack_columns(const uint16_t *rows, int64_t stride, int64_t count, int64_t depth, int64_t vectors, uint16_t *panel);

/// Makes a panel of 16 * `vectors` columns from `count` rows of `columns` adjacent numbers, `stride` apart, which stay rows;
/// rows up to the even `depth` and columns beyond `columns` are zero.
void pack_rows(const uint16_t *rows, int64_t stride, int64_t count, int64_t depth, int64_t vectors, uint16_t *panel,
               int64_t columns = panel_columns);

}  // namespace ct::tiles
#endif
