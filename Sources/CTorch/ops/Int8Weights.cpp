// Rounding weight matrices to int8 and back: symmetric, one scale an output (row of the matrix).
#include <cmath>
#include <limits>

#include "../kernels/Dispatch.h"
#include "../kernels/Int8.h"
#include "../kernels/Parallel.h"

namespace ct {

namespace {

/// The packed bytes of one panel: row `o` of the panel from its float32 weights.
void pack_row(const float *weights, int64_t width, float scale, int64_t o, uint8_t *panel) {
  // Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even, and leaves it in the lowest bits.
  constexpr float rounder = 12582912.0f;
  for (int64_t i = 0; i < width; i++) {
    float shifted = (scale > 0 ? weights[i] / scale : 0.0f) + rounder;
    panel[(i / 4 * int8_panel + o) * 4 + i % 4] = static_cast<uint8_t>(static_cast<int>(shifted - rounder) + 128);
  }
}

/// The largest magnitude of a row / 127; NaN where the row holds NaN or infinity.
float row_scale(const float *weights, int64_t width) {
  float largest = 0, sum = 0;
  for (int64_t i = 0; i < width; i++) {
    largest = std::max(largest, std::fabs(weights[i]));
    sum += weights[i] * 0.0f;  // 0, or NaN
  }
  return largest / 127 + sum;
}

void quantise_panel(const at::Tensor &weight, int64_t panel, uint8_t *packed, float *scales) {
  int64_t first = panel * int8_panel, width = weight.size(1);
  int64_t count = std::min(int8_panel, weight.size(0) - first);
  at::Tensor rows = weight.narrow(0, first, count).to(at::kFloat).contiguous();
  auto *numbers = static_cast<const float *>(rows.const_data_ptr());
  std::memset(packed, 128, int8_groups(width) * int8_panel * 4);
  for (int64_t o = 0; o < count; o++) {
    float scale = row_scale(numbers + o * width, width);
    scales[first + o] = scale;
    if (std::isfinite(scale)) pack_row(numbers + o * width, width, scale, o, packed);
  }
}

at::Tensor quantise(const at::Tensor &weight, at::Tensor &scales) {
  TORCH_CHECK(weight.dim() == 2 && weight.is_cpu() && weight.is_floating_point(),
              "a matrix of floating-point numbers on the CPU is meant");
  int64_t panels = int8_panels(weight.size(0)), groups = int8_groups(weight.size(1));
  at::Tensor packed = at::empty({panels, groups, int8_panel * 4}, at::kByte);
  scales = at::empty({weight.size(0)}, at::kFloat);
  auto *bytes = static_cast<uint8_t *>(packed.mutable_data_ptr());
  auto *own = static_cast<float *>(scales.mutable_data_ptr());
  parallel_for(0, panels, 1, [&](int64_t begin, int64_t end) {
    at::AutoDispatchBelowADInplaceOrView inference;
    for (int64_t panel = begin; panel < end; panel++)
      quantise_panel(weight, panel, bytes + panel * groups * int8_panel * 4, own);
  });
  return packed;
}

/// Outputs `first` ..< `first + count` of a packed matrix as they were, of composed operations, for every device.
at::Tensor unpack(const at::Tensor &packed, const at::Tensor &scales, int64_t first, int64_t count, int64_t width) {
  int64_t panel = first / int8_panel, panels = int8_panels(first + count) - panel;
  at::Tensor bytes = packed.narrow(0, panel, panels).view({panels, -1, int8_panel, 4}).permute({0, 2, 1, 3});
  at::Tensor rows = bytes.reshape({panels * int8_panel, -1}).narrow(0, first % int8_panel, count).narrow(1, 0, width);
  return rows.to(at::kFloat).sub_(128).mul_(scales.narrow(0, first, count).unsqueeze(1));
}

/// Outputs whose weights are unpacked at a time where there are no own products.
constexpr int64_t unpacked_outputs = 1024;

/// x times the matrix, unpacked piece by piece to x's element type, through libtorch.
at::Tensor composed(const at::Tensor &x, const at::Tensor &packed, const at::Tensor &scales) {
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < scales.size(0); first += unpacked_outputs) {
    int64_t count = std::min(unpacked_outputs, scales.size(0) - first);
    at::Tensor weight = unpack(packed, scales, first, count, x.size(-1)).to(x.scalar_type());
    parts.push_back(at::linear(x, weight));
  }
  return at::cat(parts, -1);
}

void check(const at::Tensor &packed, const at::Tensor &scales, int64_t width) {
  TORCH_CHECK(packed.dim() == 3 && packed.scalar_type() == at::kByte && packed.is_contiguous() && scales.dim() == 1 &&
                  scales.is_contiguous() && packed.size(0) == int8_panels(scales.size(0)) &&
                  packed.size(1) == int8_groups(width) && packed.size(2) == int8_panel * 4,
              "the int8 matrix is not one of ", width, " inputs");
}

at::Tensor multiply(const at::Tensor &x, const at::Tensor &packed, const at::Tensor &scales, const at::Tensor *bias,
                    const bool *coarse, bool own) {
  check(packed, scales, x.size(-1));
  if (!own || !has_own(CT_INT8_PRODUCTS) || recording_gradients || !x.is_cpu() || x.numel() == 0) {
    at::Tensor out = composed(x, packed, scales);
    return bias ? out + bias->to(out.scalar_type()) : out;
  }
  at::Tensor rows = x.reshape({-1, x.size(-1)}).contiguous();
  if (rows.scalar_type() != at::kBFloat16) rows = rows.to(at::kFloat);
  at::Tensor wide = bias ? bias->to(at::kFloat).contiguous() : at::Tensor();
  at::Tensor out =
      int8_products(rows, packed, scales, bias ? static_cast<const float *>(wide.const_data_ptr()) : nullptr, coarse);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = scales.size(0);
  return out.to(x.scalar_type()).view(shape);
}

}  // namespace

}  // namespace ct

ct_tensor ct_int8_quantise(ct_tensor weight, ct_tensor *scales, ct_error *error) {
  return ct::tensor(error, [&] {
    at::Tensor own;
    at::Tensor packed = ct::quantise(ct::unwrap(weight), own);
    *scales = ct::wrap(own);
    return packed;
  });
}

ct_tensor ct_int8_linear(ct_tensor x, ct_tensor packed, ct_tensor scales, ct_tensor bias, const bool *coarse, bool own,
                         ct_error *error) {
  return ct::tensor(error, [&] {
    const at::Tensor *added = bias ? &ct::unwrap(bias) : nullptr;
    return ct::multiply(ct::unwrap(x), ct::unwrap(packed), ct::unwrap(scales), added, coarse, own);
  });
}

ct_tensor ct_int8_unpack(ct_tensor packed, ct_tensor scales, int64_t width, ct_error *error) {
  return ct::tensor(error, [&] {
    const at::Tensor &own = ct::unwrap(scales);
    ct::check(ct::unwrap(packed), own, width);
    return ct::unpack(ct::unwrap(packed), own, 0, own.size(0), width);
  });
}
