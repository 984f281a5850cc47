#include "Products.h"

#include "../kernels/Kernels.h"
#include "Differentiable.h"

namespace ct {

/// By own kernels; undefined where there are none for it.
static at::Tensor own_linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias, bool alike) {
  auto few = few_rows_products(x, {&weight}, {bias}, alike);
  return few.empty() ? many_rows_product(x, weight, /*upright=*/false, bias) : few[0];
}

at::Tensor linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias) {
  if (at::Tensor own = own_linear(x, weight, bias, /*alike=*/false); own.defined()) return own;
  return bias ? at::linear(x, weight, *bias) : at::linear(x, weight);
}

at::Tensor upright_product(const at::Tensor &a, const at::Tensor &b) {
  bool fits = a.dim() == 2 && a.size(0) >= fewest_many_rows && a.scalar_type() != at::kFloat;
  at::Tensor own = fits ? many_rows_product(a, b, /*upright=*/true, nullptr) : at::Tensor();
  return own.defined() ? own : at::matmul(a, b);
}

/// Whether rows have the same bits by the kernels of few rows and of many.
static bool has_alike_rows(at::ScalarType type) {
  return is_own_product(type, CT_FEW_ROWS) && is_own_product(type, CT_MANY_ROWS);
}

/// The same, recorded where gradients are.
static at::Tensor recorded_linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias) {
  if (recording_gradients)
    if (at::Tensor known = differentiable_linear(x, weight, bias); known.defined()) return known;
  return linear(x, weight, bias);
}

/// A matrix product of few rows takes other code than one of many, which adds in another order. Blocks of one size do
/// not: a row comes out the same whatever rows are beside it. The blocks of a product begin at multiples of `block` rows,
/// and the last one is filled up with zeros.
static at::Tensor linear_in_blocks(const at::Tensor &x, const at::Tensor &weight, int64_t block) {
  at::Tensor rows = x.reshape({-1, x.size(-1)}).contiguous(), by = weight.t();
  int64_t count = rows.size(0);
  at::Tensor out = at::empty({count, weight.size(0)}, x.options());
  for (int64_t start = 0; start < count; start += block) {
    int64_t own = std::min(block, count - start);
    at::Tensor from = rows.narrow(0, start, own), to = out.narrow(0, start, own);
    if (own == block) {
      at::mm_out(to, from, by);
    } else {
      at::Tensor filled = at::zeros({block, rows.size(1)}, x.options());
      filled.narrow(0, 0, own).copy_(from);
      to.copy_(at::mm(filled, by).narrow(0, 0, own));
    }
  }
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return out.reshape(shape);
}

}  // namespace ct

using namespace ct;

ct_tensor ct_matmul(ct_tensor a, ct_tensor b, ct_error *error) {
  return tensor(error, [&] {
    return upright_product(unwrap(a), unwrap(b));
  });
}

ct_tensor ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias, ct_error *error) {
  return tensor(error, [&] {
    return recorded_linear(unwrap(x), unwrap(weight), bias ? &unwrap(bias) : nullptr);
  });
}

void ct_linears(ct_tensor x, const ct_tensor *weights, const ct_tensor *biases, int64_t count, ct_tensor *outs,
                ct_error *error) {
  run(error, [&] {
    std::vector<const at::Tensor *> by, added;
    for (int64_t i = 0; i < count; i++) {
      by.push_back(&unwrap(weights[i]));
      added.push_back(biases[i] ? &unwrap(biases[i]) : nullptr);
    }
    auto results = few_rows_products(unwrap(x), by, added, /*alike=*/false);
    for (int64_t i = static_cast<int64_t>(results.size()); i < count; i++)
      results.push_back(recorded_linear(unwrap(x), *by[i], added[i]));
    for (int64_t i = 0; i < count; i++) outs[i] = wrap(std::move(results[i]));
  });
}

ct_tensor ct_linear_blocks(ct_tensor x, ct_tensor weight, ct_tensor bias, int64_t block, ct_error *error) {
  return tensor(error, [&]() -> at::Tensor {
    TORCH_CHECK(block > 0 && unwrap(weight).dim() == 2 && unwrap(x).dim() > 0, "the shapes do not fit");
    const at::Tensor *added = bias ? &unwrap(bias) : nullptr;
    if (has_alike_rows(unwrap(x).scalar_type()))
      if (at::Tensor own = own_linear(unwrap(x), unwrap(weight), added, /*alike=*/true); own.defined()) return own;
    at::Tensor out = linear_in_blocks(unwrap(x), unwrap(weight), block);
    return added ? out + *added : out;
  });
}
