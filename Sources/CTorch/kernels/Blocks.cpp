// Products of some rows with matrices of quantised blocks, which are unpacked on the way: what they take is the memory of the
// blocks. Unpacking whole matrices is here too.
//
// Of a few outputs at a time 256 numbers are unpacked, into the first-level cache, and multiplied with all rows. A row's sums
// are added up in the same order whatever rows are beside it.
#ifdef CT_LANES

#include "blocks.h"

/// Numbers that are unpacked at a time: a multiple of all formats' blocks.
constexpr int64_t piece = 256;
/// Outputs that are multiplied side by side: with four rows, half the registers for sums.
constexpr int abreast = lanes == 16 ? 4 : 2;

/// x [rows, width] by the numbers of `blocks` [outputs, width / values, bytes] and bias [outputs], into out [rows, outputs].
struct Product {
  const float *x;
  const uint8_t *blocks;
  const float *bias;  // or null
  float *out;
  int64_t rows, width, outputs;
};

template <class Format>
constexpr int64_t row_bytes(int64_t width) { return width / Format::values * Format::bytes; }

/// `count` numbers, which are whole blocks.
template <class Format>
inline void unpack(const uint8_t *blocks, int64_t count, float *to) {
  for (int64_t i = 0; i < count; i += Format::values, blocks += Format::bytes) Format::decode(blocks, to + i);
}

/// Adds `Rows` rows by `Outputs` unpacked pieces [Outputs][piece], of which `count` numbers are there, to their sums
/// [Rows][Outputs][lanes].
template <int Rows, int Outputs>
inline void add_piece(const float *x, int64_t stride, const float *numbers, int64_t count, float *sums) {
  Vector own[Rows][Outputs];
  auto place = [&](int r, int o) { return sums + (r * Outputs + o) * lanes; };
  for (int r = 0; r < Rows; r++)
    for (int o = 0; o < Outputs; o++) own[r][o] = load(place(r, o));
  for (int64_t i = 0; i < count; i += lanes) {
    Vector weights[Outputs];
    for (int o = 0; o < Outputs; o++) weights[o] = load(numbers + o * piece + i);
    for (int r = 0; r < Rows; r++) {
      Vector row = load(x + r * stride + i);
      for (int o = 0; o < Outputs; o++) own[r][o] += row * weights[o];
    }
  }
  for (int r = 0; r < Rows; r++)
    for (int o = 0; o < Outputs; o++) store(place(r, o), own[r][o]);
}

/// All rows by `Outputs` outputs from `output` on; `sums` has room for [rows][Outputs][lanes].
template <class Format, int Outputs>
void multiply_outputs(const Product &p, int64_t output, float *sums) {
  alignas(64) float numbers[Outputs * piece];
  std::fill_n(sums, p.rows * Outputs * lanes, 0.0f);
  for (int64_t start = 0; start < p.width; start += piece) {
    int64_t count = std::min(piece, p.width - start);
    for (int o = 0; o < Outputs; o++)
      unpack<Format>(p.blocks + row_bytes<Format>((output + o) * p.width + start), count, numbers + o * piece);
    const float *x = p.x + start;
    int64_t row = 0;
    for (; row + 4 <= p.rows; row += 4)
      add_piece<4, Outputs>(x + row * p.width, p.width, numbers, count, sums + row * Outputs * lanes);
    for (; row < p.rows; row++)
      add_piece<1, Outputs>(x + row * p.width, p.width, numbers, count, sums + row * Outputs * lanes);
  }
  for (int64_t row = 0; row < p.rows; row++)
    for (int o = 0; o < Outputs; o++) {
      float total = sum(load(sums + (row * Outputs + o) * lanes)) + (p.bias ? p.bias[output + o] : 0.0f);
      p.out[row * p.outputs + output + o] = total;
    }
}

/// Outputs in pieces of some hundred kilobytes of blocks, which threads take as they come to them.
template <class Format>
void multiply_all(const Product &p) {
  int64_t size = std::max<int64_t>(abreast, (1 << 17) / row_bytes<Format>(p.width) / abreast * abreast);
  int64_t pieces = (p.outputs + size - 1) / size;
  share(pieces, std::clamp<int64_t>(pieces / 2, 1, at::get_num_threads()), [&](int64_t i, int64_t) {
    std::vector<float> sums(p.rows * abreast * lanes);
    int64_t output = i * size, end = std::min(output + size, p.outputs);
    for (; output + abreast <= end; output += abreast) multiply_outputs<Format, abreast>(p, output, sums.data());
    for (; output < end; output++) multiply_outputs<Format, 1>(p, output, sums.data());
  });
}

/// x [rows, width] and out [rows, outputs] of float32.
void multiply_blocks(const at::Tensor &x, const at::Tensor &blocks, int32_t type, const at::Tensor *bias, at::Tensor &out) {
  by_format(type, [&](auto format) {
    multiply_all<decltype(format)>({data<float>(x), data<uint8_t>(blocks), bias ? data<float>(*bias) : nullptr,
                                    writable<float>(out), x.size(0), x.size(1), out.size(1)});
  });
}

/// Whole blocks, as many as `out` has numbers for, rounded to its type.
void unpack_blocks(const uint8_t *blocks, int32_t type, at::Tensor &out) {
  by_format(type, [&](auto format) {
    using Format = decltype(format);
    by_type(out, [&](auto number) {
      auto *to = writable<decltype(number)>(out);
      int64_t count = out.numel(), pieces = (count + piece - 1) / piece;
      parallel_for(0, pieces, elements_a_thread / piece, [&](int64_t begin, int64_t end) {
        alignas(64) float numbers[piece];
        for (int64_t i = begin; i < end; i++) {
          int64_t own = std::min(piece, count - i * piece);
          unpack<Format>(blocks + row_bytes<Format>(i * piece), own, numbers);
          each(own, [&](int64_t j, int64_t left) { store(to + i * piece + j, load(numbers + j), left); });
        }
      });
    });
  });
}

/// Bytes and numbers of a block; zeros for a type that is not read.
void block_size(int32_t type, int64_t &bytes, int64_t &values) {
  bytes = values = 0;
  by_format(type, [&](auto format) { bytes = format.bytes, values = format.values; });
}

#else

#include "Kernels.h"

#define CT_SOURCE "Blocks.cpp"
#include "each_isa.h"

namespace ct {

void block_products(const at::Tensor &x, const at::Tensor &blocks, int32_t type, const at::Tensor *bias, at::Tensor &out) {
  CT_CHOSEN(multiply_blocks)(x, blocks, type, bias, out);
}

void unpacked_blocks(const uint8_t *blocks, int32_t type, at::Tensor &out) {
  CT_CHOSEN(unpack_blocks)(blocks, type, out);
}

BlockSize block_size(int32_t type) {
  BlockSize size;
  CT_CHOSEN(block_size)(type, size.bytes, size.values);
  return size;
}

}  // namespace ct
#endif
