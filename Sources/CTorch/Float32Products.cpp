// Products of float32 rows with a weight matrix in AVX-512.
//
// libtorch's go through MKL, which keeps to AVX2 on processors that are not Intel's: there these take less than half the
// time. A number is the sum of its products in one order, which depends on nothing but the width: a row comes out bit by bit
// the same whatever rows are computed with it, on whichever number of threads.

#include <algorithm>
#include <cstdlib>

#include "Fused.h"
#include "Parallel.h"

#if defined(__x86_64__) && defined(__clang__)
#include <immintrin.h>
#define CT_FLOAT32_PRODUCTS 1
#define CT_FLOAT32_TARGET __attribute__((target("avx512f")))
#endif

namespace ct {

#if CT_FLOAT32_PRODUCTS

namespace {

// 14 rows by two registers of outputs leave four of the 32 registers for the operands.
constexpr int64_t tile_rows = 14, panel = 32;
/// Of a weight row, what is summed before it is added to the output: part of the order of summation.
constexpr int64_t depth = 256;
/// Weight rows that are laid out together: with `depth`, half a second-level cache.
constexpr int64_t width = 512;
/// Up to so many rows every panel is used as soon as it is laid out, while it is in the first-level cache.
constexpr int64_t few = 2 * tile_rows;
/// Rows that are worth a thread's laying out the weights for itself.
constexpr int64_t rows_a_task = 128;

struct Product {
  const float *x, *weights;  // [rows, length], [outputs, length]
  float *out;                // [rows, outputs]
  int64_t rows, length, outputs;
};

inline __mmask16 first(int64_t count) { return static_cast<__mmask16>((1u << std::clamp<int64_t>(count, 0, 16)) - 1); }

CT_FLOAT32_TARGET inline __m512 low_pairs(__m512 a, __m512 b) {
  return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}
CT_FLOAT32_TARGET inline __m512 high_pairs(__m512 a, __m512 b) {
  return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}

/// Turns 16 rows of 16 numbers into 16 columns: within groups of four first, then the groups.
CT_FLOAT32_TARGET inline void transpose(__m512 (&r)[16]) {
  __m512 t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = low_pairs(t[i], t[i + 2]);
    r[i + 1] = high_pairs(t[i], t[i + 2]);
    r[i + 2] = low_pairs(t[i + 1], t[i + 3]);
    r[i + 3] = high_pairs(t[i + 1], t[i + 3]);
  }
  for (int half = 0; half < 16; half += 8)
    for (int i = half; i < half + 4; i++) {
      t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
      t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    }
  for (int i = 0; i < 8; i++) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
  }
}

/// Lays `count` of up to `panel` weight rows, `length` numbers of each, out as [length, panel], zeros for those that lack.
CT_FLOAT32_TARGET void lay_out(const float *weights, int64_t stride, int64_t count, int64_t length, float *to) {
  for (int64_t row = 0; row < panel; row += 16)
    for (int64_t k = 0; k < length; k += 16) {
      __mmask16 columns = first(length - k);
      __m512 block[16];
      for (int64_t i = 0; i < 16; i++)
        block[i] = row + i < count ? _mm512_maskz_loadu_ps(columns, weights + (row + i) * stride + k) : _mm512_setzero_ps();
      transpose(block);
      for (int64_t i = 0; i < std::min<int64_t>(16, length - k); i++)
        _mm512_storeu_ps(to + (k + i) * panel + row, block[i]);
    }
}

/// `Rows` rows of x, `stride` numbers apart, by a panel of `length`: into `out`, or added to what is there.
template <int Rows>
CT_FLOAT32_TARGET void multiply(const float *x, int64_t stride, const float *weights, int64_t length, float *out,
                                int64_t out_stride, int64_t count, bool adds) {
  __m512 sums[Rows][2];
  for (int r = 0; r < Rows; r++) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
  for (int64_t k = 0; k < length; k++) {
    __m512 left = _mm512_loadu_ps(weights + k * panel), right = _mm512_loadu_ps(weights + k * panel + 16);
#pragma clang loop unroll(full)
    for (int r = 0; r < Rows; r++) {
      __m512 number = _mm512_set1_ps(x[r * stride + k]);
      sums[r][0] = _mm512_fmadd_ps(number, left, sums[r][0]);
      sums[r][1] = _mm512_fmadd_ps(number, right, sums[r][1]);
    }
  }
  __mmask16 masks[2] = {first(count), first(count - 16)};
#pragma clang loop unroll(full)
  for (int r = 0; r < Rows; r++)
    for (int half = 0; half < 2; half++) {
      float *to = out + r * out_stride + 16 * half;
      __m512 sum = sums[r][half];
      if (adds) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(masks[half], to));
      _mm512_mask_storeu_ps(to, masks[half], sum);
    }
}

using Kernel = void (*)(const float *, int64_t, const float *, int64_t, float *, int64_t, int64_t, bool);
constexpr Kernel kernels[tile_rows + 1] = {nullptr,      multiply<1>,  multiply<2>,  multiply<3>,  multiply<4>,
                                           multiply<5>,  multiply<6>,  multiply<7>,  multiply<8>,  multiply<9>,
                                           multiply<10>, multiply<11>, multiply<12>, multiply<13>, multiply<14>};

/// Room that a thread keeps: the weights laid out, and a tile of rows.
struct Room {
  std::vector<float> weights = std::vector<float>(width * depth), rows = std::vector<float>(tile_rows * row_stride);
  /// Rows a large power of two apart would share few sets of the cache, so tiles of long rows are copied to lie closer.
  static constexpr int64_t row_stride = depth + 16;
};

/// Rows [begin, end) by the laid-out weight rows from `output` on, numbers `k` to `k + length` of each.
void multiply_tiles(const Product &p, int64_t begin, int64_t end, int64_t output, int64_t outputs, int64_t k,
                    int64_t length, Room &room) {
  for (int64_t row = begin; row < end; row += tile_rows) {
    int64_t count = std::min(tile_rows, end - row), stride = p.length;
    const float *x = p.x + row * p.length + k;
    if (p.length > 2 * depth) {
      for (int64_t r = 0; r < count; r++)
        std::memcpy(room.rows.data() + r * Room::row_stride, x + r * p.length, length * sizeof(float));
      x = room.rows.data();
      stride = Room::row_stride;
    }
    for (int64_t o = 0; o < outputs; o += panel)
      kernels[count](x, stride, room.weights.data() + o * length, length, p.out + row * p.outputs + output + o, p.outputs,
                     outputs - o, k > 0);
  }
}

/// Rows [begin, end) by weight rows [output, output + outputs), at most `width` of them.
void multiply_block(const Product &p, int64_t begin, int64_t end, int64_t output, int64_t outputs) {
  static thread_local Room room;
  for (int64_t k = 0; k < p.length; k += depth) {
    int64_t length = std::min(depth, p.length - k);
    for (int64_t o = 0; o < outputs; o += panel)
      lay_out(p.weights + (output + o) * p.length + k, p.length, std::min(panel, outputs - o), length,
              room.weights.data() + o * length);
    multiply_tiles(p, begin, end, output, outputs, k, length, room);
  }
}

/// All of it, in tasks of some rows by some outputs each.
void multiply_all(const Product &p) {
  int64_t wide = p.rows <= few ? panel : width, columns = (p.outputs + wide - 1) / wide;
  int64_t wanted = (4 * at::get_num_threads() + columns - 1) / columns;
  int64_t pieces = std::clamp<int64_t>(p.rows / rows_a_task, 1, wanted), rows = (p.rows + pieces - 1) / pieces;
  int64_t worth = std::max<int64_t>(1, 262144 / (rows * std::min(wide, p.outputs) * p.length));
  parallel_for(0, columns * pieces, worth, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      int64_t output = task / pieces * wide, row = task % pieces * rows;
      multiply_block(p, row, std::min(p.rows, row + rows), output, std::min(wide, p.outputs - output));
    }
  });
}

bool chosen() {
  const char *choice = std::getenv("TELLTALE_FLOAT32");
  if (choice && std::strcmp(choice, "libtorch") == 0) return false;
  return __builtin_cpu_supports("avx512f") && !__builtin_cpu_is("intel");
}

bool fits(const at::Tensor &x, const at::Tensor &weight) {
  if (!has_float32_products() || !uses_own_products || recording_gradients || x.dim() < 1 || weight.dim() != 2) return false;
  for (const at::Tensor *t : {&x, &weight})
    if (!t->is_cpu() || !t->is_contiguous() || t->scalar_type() != at::kFloat || t->numel() == 0) return false;
  return x.size(-1) == weight.size(1);
}

}  // namespace

bool has_float32_products() {
  static const bool has = chosen();
  return has;
}

at::Tensor float32_linear(const at::Tensor &x, const at::Tensor &weight, int64_t least) {
  if (!fits(x, weight) || x.numel() / x.size(-1) < least) return {};
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  at::Tensor out = at::empty(shape, x.options());
  multiply_all({static_cast<const float *>(x.const_data_ptr()), static_cast<const float *>(weight.const_data_ptr()),
                static_cast<float *>(out.mutable_data_ptr()), x.numel() / x.size(-1), x.size(-1), weight.size(0)});
  return out;
}

#else

bool has_float32_products() { return false; }
at::Tensor float32_linear(const at::Tensor &, const at::Tensor &, int64_t) { return {}; }

#endif

}  // namespace ct
