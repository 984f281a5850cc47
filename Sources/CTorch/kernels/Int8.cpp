// Products with int8 weights in integer arithmetic (AVX512-VNNI): exact sums, so that a row never depends on those beside it.
//
// Each row of the input is rounded to whole numbers times a scale of its own: 16 bits in two planes of 8 (high and low,
// x = 256 high + low), or 8 bits in one where less will do. A tile is up to 12 planes; one kernel multiplies a tile with
// a panel of 32 outputs over the whole width, with all sums in registers.
#include "Int8.h"

#include <algorithm>
#include <cmath>

#include "Kernels.h"
#include "Parallel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define CT_LANES 16
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,f16c"))), \
                             apply_to = function)
namespace ct {

namespace {

#include "simd.h"

/// Planes of a tile: 12 by 2 vectors of sums leave 8 of 32 registers for what is multiplied.
constexpr int most_planes = 12;
/// Rows that are packed at a time: their planes stay in the last-level cache while all weights pass by.
constexpr int64_t block_rows = 480;
/// The sums of this many products of two bytes cannot overflow 32 bits.
constexpr int64_t widest = 1 << 15;

/// Rows of the input that are multiplied together, packed as [groups, planes, 4].
struct Tile {
  const int64_t *rows;
  int count;
  /// Planes of a row: 2 for 16 bits, 1 for 8.
  int depth;
  int8_t *packed;
  /// The step of each row, and the sum of each plane.
  float scales[most_planes];
  int32_t sums[most_planes];
};

/// Rows and results of type T.
template <class T>
struct Product {
  const T *x;
  const uint8_t *packed;
  const float *scales, *bias;
  T *out;
  int64_t width, groups, outputs;

  /// 16 numbers of a row, zeros beyond its end.
  Vector at(int64_t row, int64_t i) const { return load(x + row * width + i, width - i); }
};

/// The largest magnitude of a row; NaN or infinity where the row holds one, whose bits are larger than any number's.
template <class T>
float magnitude(const Product<T> &p, int64_t row) {
  Words largest = 0u;
  for (int64_t i = 0; i < p.width; i += lanes)
    largest = __builtin_elementwise_max(largest, bits<Words>(p.at(row, i)) & 0x7FFFFFFFu);
  return bits<float>(__builtin_reduce_max(largest));
}

/// Writes the lowest bytes of 16 numbers, 4 by 4, into groups `stride` bytes apart.
inline void store_groups(__m512i numbers, int8_t *to, int64_t stride, int64_t groups) {
  alignas(16) int8_t bytes[16];
  _mm_store_si128(reinterpret_cast<__m128i *>(bytes), _mm512_cvtepi32_epi8(numbers));
  for (int64_t g = 0; g < std::min<int64_t>(4, groups); g++) std::memcpy(to + g * stride, bytes + 4 * g, 4);
}

/// Rounds row `index` of a tile to whole numbers and packs its planes.
template <class T>
void pack_row(const Product<T> &p, Tile &tile, int index) {
  int64_t row = tile.rows[index], stride = 4 * tile.count * tile.depth;
  float steps = tile.depth == 2 ? 32512 : 127, largest = magnitude(p, row);
  float scale = largest < 1e-35f ? 0 : largest / steps;  // of NaN: NaN
  float inverse = scale == 0 ? 0 : steps / largest;
  __m512i sum_high = _mm512_setzero_si512(), sum_low = _mm512_setzero_si512();
  int8_t *to = tile.packed + 4 * index * tile.depth;
  for (int64_t i = 0; i < p.width; i += 16, to += 4 * stride) {
    __m512i whole = _mm512_cvtps_epi32((__m512)(p.at(row, i) * inverse)), high = whole;
    if (tile.depth == 2) {
      __m512i low = _mm512_srai_epi32(_mm512_slli_epi32(whole, 24), 24);
      high = _mm512_srai_epi32(_mm512_sub_epi32(whole, low), 8);
      store_groups(low, to + 4, stride, p.groups - i / 4);
      sum_low = _mm512_add_epi32(sum_low, low);
    }
    store_groups(high, to, stride, p.groups - i / 4);
    sum_high = _mm512_add_epi32(sum_high, high);
  }
  tile.scales[index] = scale;
  tile.sums[index * tile.depth] = _mm512_reduce_add_epi32(sum_high);
  if (tile.depth == 2) tile.sums[index * tile.depth + 1] = _mm512_reduce_add_epi32(sum_low);
}

/// `Planes` planes x [groups, Planes, 4] by a panel [groups, 32, 4] into sums [Planes, 32].
template <int Planes>
__attribute__((noinline)) void multiply(const int8_t *x, const uint8_t *panel, int64_t groups,
                                                       int32_t *sums) {
  __m512i own[Planes][2];
  for (int r = 0; r < Planes; r++) own[r][0] = own[r][1] = _mm512_setzero_si512();
  for (int64_t g = 0; g < groups; g++, x += 4 * Planes, panel += 4 * int8_panel) {
    // Few planes wait for memory: the hardware alone does not look far enough ahead.
    _mm_prefetch(panel + 4096, _MM_HINT_T0);
    _mm_prefetch(panel + 4160, _MM_HINT_T0);
    __m512i first = _mm512_loadu_si512(panel), second = _mm512_loadu_si512(panel + 64);
    for (int r = 0; r < Planes; r++) {
      int32_t four;
      std::memcpy(&four, x + 4 * r, 4);
      __m512i numbers = _mm512_set1_epi32(four);
      own[r][0] = _mm512_dpbusd_epi32(own[r][0], first, numbers);
      own[r][1] = _mm512_dpbusd_epi32(own[r][1], second, numbers);
    }
  }
  for (int r = 0; r < Planes; r++)
    for (int half = 0; half < 2; half++) _mm512_storeu_si512(sums + int8_panel * r + 16 * half, own[r][half]);
}

using Kernel = void (*)(const int8_t *, const uint8_t *, int64_t, int32_t *);
constexpr Kernel kernels[most_planes] = {multiply<1>, multiply<2>, multiply<3>, multiply<4>,  multiply<5>,  multiply<6>,
                                         multiply<7>, multiply<8>, multiply<9>, multiply<10>, multiply<11>, multiply<12>};

/// 16 outputs of one row from its sums: less what the 128 in every weight added, times both scales, plus bias.
template <class T>
void write(const Product<T> &p, const Tile &tile, int index, const int32_t *sums, int64_t output) {
  int plane = index * tile.depth;
  int64_t left = p.outputs - output;
  auto number = [&](int plane) {
    __m512i sum = _mm512_loadu_si512(sums + plane * int8_panel + output % int8_panel);
    return (Vector)_mm512_cvtepi32_ps(_mm512_sub_epi32(sum, _mm512_set1_epi32(128 * tile.sums[plane])));
  };
  Vector value = number(plane);
  if (tile.depth == 2) value = value * 256.0f + number(plane + 1);
  value = value * tile.scales[index] * load(p.scales + output, left);
  if (p.bias) value += load(p.bias + output, left);
  store(p.out + tile.rows[index] * p.outputs + output, value, left);
}

/// A tile by one panel.
template <class T>
void multiply_panel(const Product<T> &p, const Tile &tile, int64_t panel) {
  alignas(64) int32_t sums[most_planes * int8_panel];
  kernels[tile.count * tile.depth - 1](tile.packed, p.packed + panel * p.groups * int8_panel * 4, p.groups, sums);
  int64_t first = panel * int8_panel, end = std::min(p.outputs, first + int8_panel);
  for (int i = 0; i < tile.count; i++)
    for (int64_t output = first; output < end; output += 16) write(p, tile, i, sums, output);
}

/// Tiles of equally many rows, as few as hold them all.
void add_tiles(const std::vector<int64_t> &rows, int depth, int8_t *&packed, int64_t groups, std::vector<Tile> &tiles) {
  int64_t count = static_cast<int64_t>(rows.size()), most = most_planes / depth, parts = (count + most - 1) / most;
  for (int64_t part = 0; part < parts; part++) {
    int64_t begin = part * count / parts, end = (part + 1) * count / parts;
    Tile tile = {rows.data() + begin, static_cast<int>(end - begin), depth, packed, {}, {}};
    packed += (end - begin) * depth * groups * 4;
    tiles.push_back(tile);
  }
}

template <class T>
void multiply_block(const Product<T> &p, const std::vector<int64_t> &fine, const std::vector<int64_t> &coarse) {
  int64_t planes = static_cast<int64_t>(2 * fine.size() + coarse.size());
  at::Tensor buffer = at::empty({planes * p.groups * 4}, at::kChar);
  auto *packed = static_cast<int8_t *>(buffer.mutable_data_ptr());
  std::vector<Tile> tiles;
  add_tiles(fine, 2, packed, p.groups, tiles);
  add_tiles(coarse, 1, packed, p.groups, tiles);
  int64_t count = static_cast<int64_t>(tiles.size());
  parallel_for(0, count, std::max<int64_t>(1, 65536 / (most_planes * p.width)), [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++)
      for (int i = 0; i < tiles[t].count; i++) pack_row(p, tiles[t], i);
  });
  int64_t work = planes * p.groups * 4 * int8_panel;  // byte products a panel
  parallel_for(0, int8_panels(p.outputs), std::max<int64_t>(1, (1 << 20) / work), [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; panel++)
      for (const Tile &tile : tiles) multiply_panel(p, tile, panel);
  });
}

template <class T>
at::Tensor multiply_all(const at::Tensor &x, const at::Tensor &packed, const at::Tensor &scales, const float *bias,
                        const bool *coarse) {
  at::Tensor out = at::empty({x.size(0), scales.size(0)}, x.options());
  Product<T> product = {data<T>(x),      data<uint8_t>(packed), data<float>(scales), bias,
                        writable<T>(out), x.size(1),             packed.size(1),      scales.size(0)};
  for (int64_t begin = 0; begin < x.size(0); begin += block_rows) {
    std::vector<int64_t> fine, rough;
    for (int64_t row = begin; row < std::min(x.size(0), begin + block_rows); row++)
      (coarse && coarse[row] ? rough : fine).push_back(row);
    multiply_block(product, fine, rough);
  }
  return out;
}

}  // namespace

at::Tensor int8_products(const at::Tensor &x, const at::Tensor &packed, const at::Tensor &scales, const float *bias,
                         const bool *coarse) {
  TORCH_CHECK(x.size(1) <= widest, "int8 products take at most ", widest, " inputs, not ", x.size(1));
  return x.scalar_type() == at::kBFloat16 ? multiply_all<c10::BFloat16>(x, packed, scales, bias, coarse)
                                          : multiply_all<float>(x, packed, scales, bias, coarse);
}

}  // namespace ct
#pragma clang attribute pop

#else

at::Tensor ct::int8_products(const at::Tensor &, const at::Tensor &, const at::Tensor &, const float *, const bool *) {
  TORCH_CHECK(false, "this processor has no int8 products");
}

#endif
