#include "Tiles.h"

#include <algorithm>
#include <array>

#include "Fused.h"

#if CT_TILES

namespace ct::tiles {

bool available() {
  static const bool available = has_bfloat16_products() && !__builtin_cpu_supports("amx-bf16");
  return available;
}

namespace {

template <int Rows, int Vectors>
CT_TILE_TARGET void multiply_tile(const Tile &t) {
  __m512 sums[Rows][Vectors];
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++)
      sums[r][v] = t.adds ? _mm512_loadu_ps(t.sums + r * t.sum_stride + lanes * v) : _mm512_setzero_ps();
  const uint16_t *x = t.x, *panel = t.panel;
  for (int64_t i = 0; i < t.depth; i += 2, panel += 2 * lanes * Vectors) {
    __m512bh columns[Vectors];
    for (int v = 0; v < Vectors; v++)
      columns[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(panel + 2 * lanes * v));
    for (int r = 0; r < Rows; r++) {
      int32_t pair;
      std::memcpy(&pair, x + r * t.x_stride + i, sizeof pair);
      __m512bh row = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
      for (int v = 0; v < Vectors; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], row, columns[v]);
    }
  }
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) _mm512_storeu_ps(t.sums + r * t.sum_stride + lanes * v, sums[r][v]);
}

template <int Vectors>
void multiply_rows(const Tile &t, int64_t rows) {
  switch (rows) {
    case 1: return multiply_tile<1, Vectors>(t);
    case 2: return multiply_tile<2, Vectors>(t);
    case 3: return multiply_tile<3, Vectors>(t);
    case 4: return multiply_tile<4, Vectors>(t);
    case 5: return multiply_tile<5, Vectors>(t);
    case 6: return multiply_tile<6, Vectors>(t);
  }
}

/// 16 rows of 16 pairs of numbers to 16 rows of 16 columns.
CT_TILE_TARGET void transpose(__m512i (&rows)[16]) {
  __m512i other[16];
  for (int i = 0; i < 16; i += 2) {
    other[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    other[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 16; i += 4)
    for (int half = 0; half < 2; half++) {
      rows[i + 2 * half] = _mm512_unpacklo_epi64(other[i + half], other[i + half + 2]);
      rows[i + 2 * half + 1] = _mm512_unpackhi_epi64(other[i + half], other[i + half + 2]);
    }
  // Now row 4 i + j holds, in its 128-bit quarters q, the columns 4 q + j of the rows 4 i to 4 i + 3.
  for (int i = 0; i < 16; i += 8)
    for (int j = 0; j < 4; j++) {
      other[i + j] = _mm512_shuffle_i32x4(rows[i + j], rows[i + j + 4], 0x88);
      other[i + j + 4] = _mm512_shuffle_i32x4(rows[i + j], rows[i + j + 4], 0xdd);
    }
  for (int i = 0; i < 8; i++) {
    rows[i] = _mm512_shuffle_i32x4(other[i], other[i + 8], 0x88);
    rows[i + 8] = _mm512_shuffle_i32x4(other[i], other[i + 8], 0xdd);
  }
}

/// The first `count` bits of a mask, or all where that is more.
template <class Mask>
Mask first_of(int64_t count) {
  int64_t bits = 8 * sizeof(Mask);
  return static_cast<Mask>(count >= bits ? ~0ull : (1ull << std::max<int64_t>(count, 0)) - 1);
}

}  // namespace

void multiply(const Tile &tile, int64_t rows, int64_t vectors) {
  switch (vectors) {
    case 1: return multiply_rows<1>(tile, rows);
    case 2: return multiply_rows<2>(tile, rows);
    case 3: return multiply_rows<3>(tile, rows);
    case 4: return multiply_rows<4>(tile, rows);
  }
}

CT_TILE_TARGET void pack_columns(const uint16_t *rows, int64_t stride, int64_t count, int64_t depth, int64_t vectors,
                                 uint16_t *panel) {
  for (int64_t v = 0; v < vectors; v++) {
    int64_t own = std::clamp<int64_t>(count - v * lanes, 0, lanes);
    const uint16_t *from = rows + v * lanes * stride;
    for (int64_t i = 0; i < depth; i += 2 * lanes) {
      __mmask32 valid = first_of<__mmask32>(depth - i);
      __m512i block[lanes];
      for (int64_t r = 0; r < lanes; r++)
        block[r] = r < own ? _mm512_maskz_loadu_epi16(valid, from + r * stride + i) : _mm512_setzero_si512();
      transpose(block);
      int64_t pairs = std::min(lanes, (depth - i) / 2);
      for (int64_t pair = 0; pair < pairs; pair++)
        _mm512_storeu_si512(panel + 2 * lanes * ((i / 2 + pair) * vectors + v), block[pair]);
    }
  }
}

/// Two rows of 32 adjacent numbers, interleaved into 64.
CT_TILE_TARGET inline void interleave(const uint16_t *first, const uint16_t *second, uint16_t *to) {
  alignas(64) static const std::array<uint16_t, 64> order = [] {
    std::array<uint16_t, 64> order{};
    for (uint16_t i = 0; i < 64; i++) order[i] = i / 2 + i % 2 * 32;
    return order;
  }();
  __m512i a = _mm512_loadu_si512(first), b = _mm512_loadu_si512(second);
  for (int half = 0; half < 2; half++) {
    __m512i from = _mm512_load_si512(order.data() + 32 * half);
    _mm512_storeu_si512(to + 32 * half, _mm512_permutex2var_epi16(a, from, b));
  }
}

CT_TILE_TARGET void pack_rows(const uint16_t *rows, int64_t stride, int64_t count, int64_t depth, int64_t vectors,
                              uint16_t *panel, int64_t columns) {
  int64_t i = 0;
  bool whole = vectors % 2 == 0 && columns >= vectors * lanes;
  for (; whole && i + 2 <= std::min(count, depth); i += 2)
    for (int64_t v = 0; v < vectors; v += 2) {
      const uint16_t *from = rows + i * stride + v * lanes;
      interleave(from, from + stride, panel + lanes * (i * vectors + 2 * v));
    }
  for (; i < depth; i += 2)
    for (int64_t v = 0; v < vectors; v++) {
      __mmask16 valid = first_of<__mmask16>(columns - v * lanes);
      __m512i both = _mm512_setzero_si512();
      for (int64_t r = std::min(count, i + 2) - 1; r >= i; r--) {
        __m256i narrow = _mm256_maskz_loadu_epi16(valid, rows + r * stride + v * lanes);
        __m512i numbers = _mm512_cvtepu16_epi32(narrow);
        both = _mm512_or_si512(both, r == i ? numbers : _mm512_slli_epi32(numbers, 16));
      }
      _mm512_storeu_si512(panel + lanes * (i * vectors + 2 * v), both);
    }
}

}  // namespace ct::tiles
#endif
