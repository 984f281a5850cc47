// Weight matrices that stay quantised blocks: rounding to them, and the products that unpack them on the way.
#include "../kernels/Kernels.h"
#include "../kernels/Parallel.h"
#include "Products.h"

namespace ct {

namespace {

constexpr int32_t q4_0 = 2;
constexpr int64_t group = 32, group_bytes = 18;

/// A group of 32 weights as whole numbers from -8 to 7 times a float16, the weight of largest magnitude / -8, in the layout of
/// Q4_0: the rounding of the `gguf` package. False, and NaN for a scale, where the group is not finite.
bool round_group(const float *weights, uint8_t *block) {
  float extreme = 0, sum = 0;
  for (int i = 0; i < group; i++) {
    if (std::fabs(weights[i]) > std::fabs(extreme)) extreme = weights[i];
    sum += weights[i] * 0.0f;  // 0, or NaN
  }
  float scale = extreme / -8, inverse = scale == 0 ? 0 : 1 / scale;
  at::Half stored = sum == 0 ? scale : sum;
  std::memcpy(block, &stored, sizeof stored);
  if (sum != 0 || !std::isfinite(static_cast<float>(stored))) return false;
  auto code = [&](int i) {
    // Rounded to float32 before it is cut off, as there.
    return static_cast<uint8_t>(std::clamp(static_cast<float>(double(weights[i]) * double(inverse) + 8.5), 0.0f, 15.0f));
  };
  for (int i = 0; i < group / 2; i++) block[2 + i] = static_cast<uint8_t>(code(i) | code(i + group / 2) << 4);
  return true;
}

/// uint8 [outputs, width / 32 * 18].
at::Tensor rounded(const at::Tensor &weight, bool *is_finite) {
  TORCH_CHECK(weight.dim() == 2 && weight.is_cpu() && weight.is_floating_point() && weight.size(1) % group == 0,
              "a matrix of floating-point numbers on the CPU is meant, whose width is a multiple of ", group);
  int64_t groups = weight.size(1) / group;
  at::Tensor blocks = at::zeros({weight.size(0), groups * group_bytes}, at::kByte);
  auto *to = static_cast<uint8_t *>(blocks.mutable_data_ptr());
  std::atomic<bool> all_finite{true};
  // Converted to float32 a few rows at a time: large temporaries between long-lived matrices would fragment the heap.
  int64_t few = std::max<int64_t>(1, elements_a_thread / std::max<int64_t>(1, weight.size(1)));
  parallel_for(0, weight.size(0), few, [&](int64_t begin, int64_t end) {
    at::AutoDispatchBelowADInplaceOrView inference;
    for (int64_t first = begin; first < end; first += few) {
      at::Tensor rows = weight.narrow(0, first, std::min(few, end - first)).to(at::kFloat).contiguous();
      auto *from = static_cast<const float *>(rows.const_data_ptr());
      for (int64_t i = 0; i < rows.size(0) * groups; i++)
        if (!round_group(from + i * group, to + (first * groups + i) * group_bytes)) all_finite = false;
    }
  });
  *is_finite = all_finite;
  return blocks;
}

void check(const at::Tensor &blocks, int32_t type, int64_t width) {
  BlockSize size = block_size(type);
  TORCH_CHECK(size.values > 0 && width % size.values == 0 && blocks.dim() == 2 && blocks.scalar_type() == at::kByte &&
                  blocks.is_contiguous() && blocks.size(1) == width / size.values * size.bytes,
              "the blocks are none of ", width, " numbers a row");
}

/// Q4_0, of composed operations, for every device.
at::Tensor unpacked_groups(const at::Tensor &blocks, int64_t width) {
  at::Tensor bytes = blocks.view({blocks.size(0), -1, group_bytes});
  at::Tensor scales = bytes.narrow(2, 0, 2).contiguous().view(at::kHalf).to(at::kFloat);
  at::Tensor codes = bytes.narrow(2, 2, group / 2);
  at::Tensor numbers = at::cat({codes.bitwise_and(15), codes.bitwise_right_shift(4)}, 2).to(at::kFloat).sub_(8);
  return (numbers * scales).view({blocks.size(0), width});
}

/// [rows, width] of a type of up to 32 bits.
at::Tensor unpacked(const at::Tensor &blocks, int32_t type, int64_t width, at::ScalarType wanted) {
  if (!blocks.is_cpu()) {
    TORCH_CHECK(type == q4_0, "blocks of this type are unpacked on the CPU");
    return unpacked_groups(blocks, width).to(wanted);
  }
  at::Tensor out = at::empty({blocks.size(0), width}, wanted);
  unpacked_blocks(static_cast<const uint8_t *>(blocks.const_data_ptr()), type, out);
  return out;
}

/// Outputs that are unpacked at a time for many rows: some megabytes, which the next product takes from the cache.
constexpr int64_t unpacked_outputs = 1024;

/// x times the matrix, unpacked piece by piece to x's element type.
at::Tensor composed(const at::Tensor &x, const at::Tensor &blocks, int32_t type) {
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < blocks.size(0); first += unpacked_outputs) {
    at::Tensor some = blocks.narrow(0, first, std::min(unpacked_outputs, blocks.size(0) - first));
    at::Tensor weight = unpacked(some, type, x.size(-1), x.scalar_type());
    parts.push_back(recording_gradients ? at::linear(x, weight) : linear(x, weight, nullptr));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, -1);
}

/// x [rows, width] by the kernel, so many rows at a time.
at::Tensor by_kernel(const at::Tensor &x, const at::Tensor &blocks, int32_t type, const at::Tensor *bias) {
  at::Tensor numbers = x.to(at::kFloat).contiguous(), wide = bias ? bias->to(at::kFloat).contiguous() : at::Tensor();
  at::Tensor out = at::empty({x.size(0), blocks.size(0)}, at::kFloat);
  for (int64_t row = 0; row < x.size(0); row += fewest_many_rows) {
    int64_t count = std::min(fewest_many_rows, x.size(0) - row);
    at::Tensor to = out.narrow(0, row, count);
    block_products(numbers.narrow(0, row, count), blocks, type, bias ? &wide : nullptr, to);
  }
  return out.to(x.scalar_type());
}

at::Tensor multiply(const at::Tensor &x, const at::Tensor &blocks, int32_t type, const at::Tensor *bias, bool alike) {
  check(blocks, type, x.size(-1));
  int64_t rows = x.numel() / x.size(-1);
  bool own = has_own(CT_BLOCK_PRODUCTS) && !recording_gradients && x.is_cpu() && x.scalar_type() != at::kDouble && rows > 0;
  if (!own || (rows >= fewest_many_rows && !alike)) {
    at::Tensor out = composed(x, blocks, type);
    return bias ? out + bias->to(out.scalar_type()) : out;
  }
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = blocks.size(0);
  return by_kernel(x.reshape({rows, x.size(-1)}), blocks, type, bias).view(shape);
}

}  // namespace

}  // namespace ct

using namespace ct;

ct_tensor ct_block_quantise(ct_tensor weight, bool *is_finite, ct_error *error) {
  return tensor(error, [&] { return rounded(unwrap(weight), is_finite); });
}

ct_tensor ct_block_unpack(ct_tensor blocks, int32_t type, int64_t width, ct_dtype dtype, ct_error *error) {
  return tensor(error, [&] {
    check(unwrap(blocks), type, width);
    return unpacked(unwrap(blocks), type, width, scalar_type(dtype));
  });
}

ct_tensor ct_block_linear(ct_tensor x, ct_tensor blocks, int32_t type, ct_tensor bias, bool alike, ct_error *error) {
  return tensor(error, [&] {
    return multiply(unwrap(x), unwrap(blocks), type, bias ? &unwrap(bias) : nullptr, alike);
  });
}
