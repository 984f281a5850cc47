// Arithmetic, reductions and linear algebra.
#include <cmath>

#include "../boundary/Guard.h"

using namespace ct;

ct_tensor ct_binary_op(ct_binary op, ct_tensor left, ct_tensor right, ct_error *error) {
  return tensor(error, [&]() -> at::Tensor {
    at::Tensor &a = unwrap(left), &b = unwrap(right);
    switch (op) {
      case CT_ADD: return a + b;
      case CT_SUBTRACT: return a - b;
      case CT_MULTIPLY: return a * b;
      case CT_DIVIDE: return a / b;
      case CT_MAXIMUM: return at::maximum(a, b);
      case CT_MINIMUM: return at::minimum(a, b);
      case CT_POWER: return a.pow(b);
      case CT_EQUAL: return a.eq(b);
      case CT_LESS: return a.lt(b);
      case CT_LESS_EQUAL: return a.le(b);
      case CT_GREATER: return a.gt(b);
      case CT_GREATER_EQUAL: return a.ge(b);
      case CT_AND: return a.logical_and(b);
      case CT_OR: return a.logical_or(b);
    }
    TORCH_CHECK(false, "unknown operation");
  });
}

/// Integers stay integers: token ids compared or shifted as float32 would be rounded.
static at::Scalar scalar_for(const at::Tensor &a, double b) {
  bool exact = std::trunc(b) == b && std::abs(b) <= 9007199254740992.0;  // 2^53
  bool whole = exact && at::isIntegralType(a.scalar_type(), /*includeBool=*/true);
  return whole ? at::Scalar(static_cast<int64_t>(b)) : at::Scalar(b);
}

ct_tensor ct_binary_scalar(ct_binary op, ct_tensor left, double right, ct_error *error) {
  return tensor(error, [&]() -> at::Tensor {
    at::Tensor &a = unwrap(left);
    at::Scalar b = scalar_for(a, right);
    switch (op) {
      case CT_ADD: return a + b;
      case CT_SUBTRACT: return a - b;
      case CT_MULTIPLY: return a * b;
      case CT_DIVIDE: return a / b;
      case CT_MAXIMUM: return a.clamp_min(b);
      case CT_MINIMUM: return a.clamp_max(b);
      case CT_POWER: return a.pow(b);
      case CT_EQUAL: return a.eq(b);
      case CT_LESS: return a.lt(b);
      case CT_LESS_EQUAL: return a.le(b);
      case CT_GREATER: return a.gt(b);
      case CT_GREATER_EQUAL: return a.ge(b);
      default: TORCH_CHECK(false, "this operation takes no scalar");
    }
  });
}

ct_tensor ct_unary_op(ct_unary op, ct_tensor t, ct_error *error) {
  return tensor(error, [&]() -> at::Tensor {
    at::Tensor &a = unwrap(t);
    switch (op) {
      case CT_NEGATE: return -a;
      case CT_ABSOLUTE: return a.abs();
      case CT_EXPONENTIAL: return a.exp();
      case CT_LOGARITHM: return a.log();
      case CT_SQUARE_ROOT: return a.sqrt();
      case CT_RECIPROCAL_SQUARE_ROOT: return a.rsqrt();
      case CT_SINE: return a.sin();
      case CT_COSINE: return a.cos();
      case CT_SIGMOID: return a.sigmoid();
      case CT_LOG_SIGMOID: return at::log_sigmoid(a);
      case CT_SILU: return at::silu(a);
      case CT_TANH: return a.tanh();
      case CT_NOT: return a.logical_not();
      case CT_IS_FINITE: return at::isfinite(a);
    }
    TORCH_CHECK(false, "unknown operation");
  });
}

ct_tensor ct_where(ct_tensor condition, ct_tensor a, ct_tensor b, ct_error *error) {
  return tensor(error, [&] { return at::where(unwrap(condition), unwrap(a), unwrap(b)); });
}

static at::Tensor reduce_all(ct_reduction op, const at::Tensor &t) {
  switch (op) {
    case CT_SUM: return t.sum();
    case CT_MEAN: return t.mean();
    case CT_MAX: return t.max();
    case CT_MIN: return t.min();
    case CT_ARGMAX: return t.argmax();
    case CT_LOG_SUM_EXP: return t.flatten().logsumexp(0);
    case CT_NORM: return t.norm();
    case CT_ALL: return t.all();
    case CT_ANY: return t.any();
  }
  TORCH_CHECK(false, "unknown reduction");
}

static at::Tensor reduce_one(ct_reduction op, const at::Tensor &t, int64_t dimension, bool keep) {
  switch (op) {
    case CT_SUM: return t.sum(dimension, keep);
    case CT_MEAN: return t.mean(dimension, keep);
    case CT_MAX: return t.amax(dimension, keep);
    case CT_MIN: return t.amin(dimension, keep);
    case CT_ARGMAX: return t.argmax(dimension, keep);
    case CT_LOG_SUM_EXP: return t.logsumexp(dimension, keep);
    case CT_NORM: return t.norm(2, dimension, keep);
    case CT_ALL: return t.all(dimension, keep);
    case CT_ANY: return t.any(dimension, keep);
  }
  TORCH_CHECK(false, "unknown reduction");
}

ct_tensor ct_reduce(ct_reduction op, ct_tensor t, bool has_dimension, int64_t dimension, bool keep, ct_error *error) {
  return tensor(error,
                [&] { return has_dimension ? reduce_one(op, unwrap(t), dimension, keep) : reduce_all(op, unwrap(t)); });
}

ct_tensor ct_softmax(ct_tensor t, int64_t dimension, bool logarithm, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &x = unwrap(t);
    return logarithm ? at::log_softmax(x, dimension, wide(x)) : at::softmax(x, dimension, wide(x));
  });
}

ct_tensor ct_cumulative_sum(ct_tensor t, int64_t dimension, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).cumsum(dimension); });
}

/// Hands out both halves of a (values, indices) or similar pair.
template <class Body>
static ct_tensor pair(ct_tensor *second, ct_error *error, Body body) {
  return tensor(error, [&] {
    auto both = body();
    *second = wrap(std::get<1>(both));
    return std::get<0>(both);
  });
}

ct_tensor ct_sort(ct_tensor t, int64_t dimension, bool descending, ct_tensor *indices, ct_error *error) {
  return pair(indices, error, [&] { return at::sort(unwrap(t), /*stable=*/true, dimension, descending); });
}

ct_tensor ct_top(ct_tensor t, int64_t count, int64_t dimension, ct_tensor *indices, ct_error *error) {
  return pair(indices, error, [&] { return at::topk(unwrap(t), count, dimension); });
}

ct_tensor ct_eigen_symmetric(ct_tensor t, ct_tensor *vectors, ct_error *error) {
  return pair(vectors, error, [&] { return at::linalg_eigh(unwrap(t)); });
}

ct_tensor ct_singular_values(ct_tensor t, ct_tensor *u, ct_tensor *vt, ct_error *error) {
  return tensor(error, [&] {
    auto [left, values, right] = at::linalg_svd(unwrap(t), /*full_matrices=*/false);
    *u = wrap(left);
    *vt = wrap(right);
    return values;
  });
}

ct_tensor ct_solve(ct_tensor a, ct_tensor b, ct_error *error) {
  return tensor(error, [&] { return at::linalg_solve(unwrap(a), unwrap(b)); });
}

ct_tensor ct_cholesky(ct_tensor t, ct_error *error) {
  return tensor(error, [&] { return at::linalg_cholesky(unwrap(t)); });
}

ct_tensor ct_orthonormal(ct_tensor t, ct_error *error) {
  return tensor(error, [&] { return std::get<0>(at::linalg_qr(unwrap(t))); });
}
