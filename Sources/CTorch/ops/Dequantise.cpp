// Numbers out of codes: quantised blocks of the GGML library, and tables.
#include "../kernels/Kernels.h"
#include "../kernels/Parallel.h"

namespace ct {

namespace {

/// As many blocks as `out` has numbers for.
at::Tensor unpacked(const uint8_t *blocks, int32_t type, at::IntArrayRef shape, at::ScalarType wanted) {
  at::Tensor out = at::empty(shape, wanted == at::kDouble ? at::kFloat : wanted);
  int64_t values = block_size(type).values;
  TORCH_CHECK(values > 0, "unknown block type ", type);
  TORCH_CHECK(out.numel() % values == 0, "the numbers are no whole number of blocks");
  TORCH_CHECK(out.is_floating_point(), "quantised blocks are numbers of a floating-point type");
  unpacked_blocks(blocks, type, out);
  return out.to(wanted);
}

/// Enough numbers a thread that starting it is worth it.
constexpr int64_t grain = 1 << 16;

template <class Each>
at::Tensor look_up(const at::Tensor &codes, int64_t per_code, const Each &each) {
  auto shape = codes.sizes().vec();
  shape.back() *= per_code;
  auto out = at::empty(shape, codes.options().dtype(at::kFloat));
  const auto *from = codes.data_ptr<uint8_t>();
  auto *to = out.data_ptr<float>();
  parallel_for(0, codes.numel(), grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) each(from[i], to + i * per_code);
  });
  return out;
}

}  // namespace

}  // namespace ct

using namespace ct;

int64_t ct_ggml_block_bytes(int32_t type) { return block_size(type).bytes; }

int64_t ct_ggml_block_values(int32_t type) { return block_size(type).values; }

ct_tensor ct_dequantise_ggml(const void *data, int32_t type, const int64_t *shape, int64_t rank, ct_dtype dtype,
                             ct_error *error) {
  return tensor(error, [&] {
    return unpacked(static_cast<const uint8_t *>(data), type, dims(shape, rank), scalar_type(dtype));
  });
}

ct_tensor ct_look_up(ct_tensor codes, int64_t bits, bool low_first, const float *table, ct_error *error) {
  return tensor(error, [&] {
    const auto &t = unwrap(codes);
    TORCH_CHECK(t.scalar_type() == at::kByte && t.is_contiguous() && t.device().is_cpu() && t.dim() > 0,
                "codes are contiguous bytes on the CPU");
    TORCH_CHECK(bits == 4 || bits == 8, "codes have 4 or 8 bits");
    if (bits == 8) return look_up(t, 1, [=](uint8_t code, float *to) { to[0] = table[code]; });
    return look_up(t, 2, [=](uint8_t code, float *to) {
      to[low_first ? 0 : 1] = table[code & 15];
      to[low_first ? 1 : 0] = table[code >> 4];
    });
  });
}
