// Arithmetic, reductions, networks and linear algebra.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ExpandUtils.h>

#include <cmath>

#include "Differentiable.h"
#include "Fused.h"
#include "Guard.h"

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
      case CT_GELU: return at::gelu(a);
      case CT_GELU_TANH: return at::gelu(a, "tanh");
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

/// float32, or float64 where the numbers are float64 already.
static at::ScalarType wide(const at::Tensor &t) { return t.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

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

ct_tensor ct_matmul(ct_tensor a, ct_tensor b, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor many = many_rows_matmul(unwrap(a), unwrap(b));
    return many.defined() ? many : at::matmul(unwrap(a), unwrap(b));
  });
}

/// A product that is none of a few rows in bfloat16.
static at::Tensor linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias) {
  if (at::Tensor many = many_rows_linear(x, weight, bias); many.defined()) return many;
  // Of one to three rows libtorch reads the weights faster.
  if (at::Tensor own = float32_linear(x, weight, /*least=*/4); own.defined()) return bias ? own.add_(*bias) : own;
  if (recording_gradients)
    if (at::Tensor known = differentiable_linear(x, weight, bias); known.defined()) return known;
  return bias ? at::linear(x, weight, *bias) : at::linear(x, weight);
}

bool ct_has_bfloat16_products(void) { return has_bfloat16_products(); }

ct_tensor ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias, ct_error *error) {
  return tensor(error, [&] {
    const at::Tensor *added = bias ? &unwrap(bias) : nullptr;
    auto few = few_rows_linear(unwrap(x), {&unwrap(weight)}, {added});
    return few.empty() ? linear(unwrap(x), unwrap(weight), added) : few[0];
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
    auto results = few_rows_linear(unwrap(x), by, added);
    for (int64_t i = static_cast<int64_t>(results.size()); i < count; i++)
      results.push_back(linear(unwrap(x), *by[i], added[i]));
    for (int64_t i = 0; i < count; i++) outs[i] = wrap(std::move(results[i]));
  });
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

ct_tensor ct_linear_blocks(ct_tensor x, ct_tensor weight, ct_tensor bias, int64_t block, ct_error *error) {
  return tensor(error, [&]() -> at::Tensor {
    TORCH_CHECK(block > 0 && unwrap(weight).dim() == 2 && unwrap(x).dim() > 0, "the shapes do not fit");
    at::Tensor own = float32_linear(unwrap(x), unwrap(weight), /*least=*/1);
    at::Tensor out = own.defined() ? own : linear_in_blocks(unwrap(x), unwrap(weight), block);
    return bias ? out + unwrap(bias) : out;
  });
}

ct_tensor ct_embedding(ct_tensor weight, ct_tensor ids, ct_error *error) {
  return tensor(error, [&] { return at::embedding(unwrap(weight), unwrap(ids)); });
}

ct_tensor ct_rms_norm(ct_tensor t, ct_tensor weight, double epsilon, ct_error *error) {
  return tensor(error, [&]() -> at::Tensor {
    // The order of roundings is transformers': normalise in float32, round, then scale in the model's own type.
    at::Tensor &x = unwrap(t);
    if (at::Tensor fused = fused_rms_norm(x, unwrap(weight), epsilon); fused.defined()) return fused;
    if (recording_gradients)
      if (at::Tensor known = differentiable_rms_norm(x, unwrap(weight), epsilon); known.defined()) return known;
    bool narrow = unwrap(weight).scalar_type() == x.scalar_type();
    // One kernel instead of seven on a GPU; it rounds once, after scaling by the weight.
    if (narrow && x.is_cuda() && !recording_gradients)
      return std::get<0>(at::_fused_rms_norm(x, {x.size(-1)}, unwrap(weight), epsilon));
    at::Tensor values = x.to(wide(x));
    at::Tensor scale = values.square().mean(-1, /*keepdim=*/true).add_(epsilon).rsqrt_();
    if (!narrow) return (values * scale * unwrap(weight)).to(x.scalar_type());
    return (values * scale).to(x.scalar_type()) * unwrap(weight);
  });
}

ct_tensor ct_layer_norm(ct_tensor t, ct_tensor weight, ct_tensor bias, double epsilon, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &w = unwrap(weight), &b = unwrap(bias);
    TORCH_CHECK(w.dim() == 1 && w.sizes() == b.sizes(), "a layer norm's weight and bias are [width], not ", w.sizes(), " and ",
                b.sizes());
    return at::layer_norm(unwrap(t), {w.size(0)}, w, b, epsilon);
  });
}

/// `scaled`, which is x by the cosines, plus x with its halves turned by the sines: half the memory traffic of a
/// concatenation.
static at::Tensor rotated_in_place(at::Tensor scaled, const at::Tensor &x, const at::Tensor &sines) {
  int64_t half = x.size(2) / 2;
  scaled.narrow(2, 0, half).addcmul_(x.narrow(2, half, half), sines.narrow(2, 0, half), -1);
  scaled.narrow(2, half, half).addcmul_(x.narrow(2, 0, half), sines.narrow(2, half, half));
  return scaled;
}

/// All numbers of x [tokens, heads, dim] turned.
static at::Tensor rotated(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines) {
  if (recording_gradients)
    if (at::Tensor known = differentiable_rotate(x, cosines, sines); known.defined()) return known;
  at::Tensor c = cosines.unsqueeze(1), s = sines.unsqueeze(1);  // [tokens, 1, dim]
  int64_t half = x.size(2) / 2;
  if (!recording_gradients) return rotated_in_place(x * c, x, s);
  return x * c + at::cat({-x.narrow(2, half, half), x.narrow(2, 0, half)}, -1) * s;
}

ct_tensor ct_rotate(ct_tensor t, ct_tensor cosines, ct_tensor sines, ct_error *error) {
  return tensor(error, [&]() -> at::Tensor {
    at::Tensor &x = unwrap(t), &c = unwrap(cosines), &s = unwrap(sines);
    TORCH_CHECK(x.dim() == 3, "a rotary embedding is for [tokens, heads, dim], not ", x.sizes());
    for (const at::Tensor *angles : {&c, &s})
      TORCH_CHECK(angles->dim() == 2 && angles->size(0) == x.size(0) && angles->size(1) <= x.size(2) &&
                      angles->size(1) % 2 == 0 && angles->size(1) == c.size(1),
                  "cosines or sines of shape ", angles->sizes(), " do not fit ", x.sizes(),
                  "; they are [tokens, even number up to dim]");
    if (at::Tensor fused = fused_rotate(x, c, s); fused.defined()) return fused;
    int64_t turned = c.size(1), rest = x.size(2) - turned;
    if (rest == 0) return rotated(x, c, s);
    return at::cat({rotated(x.narrow(2, 0, turned).contiguous(), c, s), x.narrow(2, turned, rest)}, -1);
  });
}

ct_tensor ct_gated_silu(ct_tensor gate, ct_tensor up, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor fused = fused_gated_silu(unwrap(gate), unwrap(up));
    if (recording_gradients) fused = differentiable_gated_silu(unwrap(gate), unwrap(up));
    return fused.defined() ? fused : at::silu(unwrap(gate)) * unwrap(up);
  });
}

/// libtorch's fused kernel trusts the lengths of keys and values to be the same.
static void check_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor *mask,
                            bool causal) {
  TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && v.dim() == 4, "queries, keys and values are [n, heads, tokens, dim]");
  bool fits = q.size(0) == k.size(0) && q.size(1) == k.size(1) && q.size(3) == k.size(3);
  TORCH_CHECK(fits && k.sizes() == v.sizes(), "queries ", q.sizes(), ", keys ", k.sizes(), " and values ", v.sizes(),
              " do not fit together");
  TORCH_CHECK(!causal || (!mask && q.size(2) == k.size(2)), "causal attention takes no mask and as many keys as queries");
  int64_t scores[] = {q.size(0), q.size(1), q.size(2), k.size(2)};
  TORCH_CHECK(!mask || at::is_expandable_to(mask->sizes(), scores), "a mask of shape ", mask ? mask->sizes() : scores,
              " does not fit attention scores of shape ", at::IntArrayRef(scores));
  TORCH_CHECK(!mask || mask->scalar_type() == q.scalar_type(), "a mask must have the element type of the queries");
}

ct_tensor ct_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_tensor mask, bool causal, double scale,
                       ct_error *error) {
  return tensor(error, [&] {
    check_attention(unwrap(q), unwrap(k), unwrap(v), mask ? &unwrap(mask) : nullptr, causal);
    std::optional<at::Tensor> bias;
    if (mask) bias = unwrap(mask);
    while (bias && bias->dim() < 4) bias = bias->unsqueeze(0);  // the kernels know masks of rank 2 and 4 only
    return at::scaled_dot_product_attention(unwrap(q), unwrap(k), unwrap(v), bias, /*dropout_p=*/0.0, causal, scale);
  });
}

/// Numbers of scores that are computed at a time.
constexpr int64_t most_scores = 1 << 24;

/// `count` queries from `start` on: of attention that no kernel knows.
static at::Tensor shaped_rows(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor *mask,
                              bool causal, const ct_scores &how, int64_t start, int64_t count) {
  int64_t keys = causal ? start + count : k.size(2);
  auto rows = [&](const at::Tensor &t) { return t.size(-2) > 1 ? t.narrow(-2, start, count) : t; };
  at::Tensor scores = at::matmul(rows(q), k.narrow(2, 0, keys).transpose(2, 3)) * how.scale;
  if (how.cap > 0) scores = (scores / how.cap).tanh() * how.cap;
  if (causal) {
    at::Tensor hidden = at::ones({count, keys}, scores.options().dtype(at::kBool)).triu(start + 1);
    scores = scores.masked_fill(hidden, -INFINITY);
  }
  if (mask) scores = scores + rows(*mask);
  if (!how.sinks) return at::matmul(at::softmax(scores, -1), v.narrow(2, 0, keys));
  at::Tensor sinks = rows(unwrap(how.sinks)).to(scores.scalar_type()).expand({scores.size(0), scores.size(1), count, 1});
  at::Tensor weights = at::softmax(at::cat({scores, sinks}, -1), -1).narrow(-1, 0, keys);
  return at::matmul(weights, v.narrow(2, 0, keys));
}

ct_tensor ct_shaped_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_tensor mask, bool causal, double scale, double cap,
                              ct_tensor sinks, ct_error *error) {
  return tensor(error, [&] {
    check_attention(unwrap(q), unwrap(k), unwrap(v), mask ? &unwrap(mask) : nullptr, causal);
    at::ScalarType type = wide(unwrap(q));
    at::Tensor a = unwrap(q).to(type), b = unwrap(k).to(type), c = unwrap(v).to(type), hidden;
    if (mask) hidden = unwrap(mask).to(type);
    ct_scores how{scale, cap, sinks};
    int64_t queries = a.size(2), most = std::max<int64_t>(1, most_scores / std::max<int64_t>(1, a.size(0) * a.size(1) * b.size(2)));
    std::vector<at::Tensor> parts;
    for (int64_t start = 0; start < queries; start += most)
      parts.push_back(shaped_rows(a, b, c, mask ? &hidden : nullptr, causal, how, start, std::min(most, queries - start)));
    return (parts.size() == 1 ? parts[0] : at::cat(parts, 2)).to(unwrap(q).scalar_type());
  });
}

/// Whether sinks are what the loops can read: one for each query head.
static void check_sinks(const ct_scores &scores, int64_t heads) {
  if (!scores.sinks) return;
  const at::Tensor &sinks = unwrap(scores.sinks);
  TORCH_CHECK(sinks.is_cpu() && sinks.is_contiguous() && sinks.scalar_type() == at::kFloat && sinks.numel() == heads,
              "sinks are float32 [", heads, "] on the CPU, one for each query head");
}

ct_tensor ct_decode_attention(ct_tensor q, ct_tensor k, ct_tensor v, const int64_t *lengths, int64_t window,
                              ct_scores scores, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &a = unwrap(q), &b = unwrap(k), &c = unwrap(v);
    bool narrow = a.scalar_type() == at::kBFloat16 && has_bfloat16_products() && a.dim() == 4 && a.size(3) % 32 == 0;
    for (const at::Tensor *t : {&a, &b, &c})
      TORCH_CHECK(t->dim() == 4 && t->is_cpu() && t->scalar_type() == (narrow ? at::kBFloat16 : at::kFloat),
                  "[n, heads, n, dim] in float32 are meant, or in bfloat16 where ct_has_bfloat16_products");
    TORCH_CHECK(b.sizes() == c.sizes() && b.strides() == c.strides() && b.stride(3) == 1 && a.size(0) == b.size(0) &&
                    a.size(1) == b.size(1) && a.size(3) == b.size(3),
                "the shapes do not fit");
    for (int64_t i = 0; i < a.size(0); i++)
      TORCH_CHECK(lengths[i] > 0 && lengths[i] <= b.size(2), "a length is outside of the keys");
    check_sinks(scores, a.size(1) * a.size(2));
    return (narrow ? bfloat16_decode_attention : decode_attention)(a, b, c, lengths, window, scores);
  });
}

bool ct_has_segment_attention(void) { return has_segment_attention(); }

ct_tensor ct_segment_attention(ct_tensor q, ct_tensor k, ct_tensor v, ct_segments segments, int64_t window,
                               ct_scores scores, ct_error *error) {
  return tensor(error, [&] {
    check_sinks(scores, unwrap(q).dim() == 3 ? unwrap(q).size(1) : 0);
    return segment_attention(unwrap(q), unwrap(k), unwrap(v), segments, window, scores);
  });
}

ct_tensor ct_cross_entropy(ct_tensor logits, ct_tensor targets, int64_t ignored, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &x = unwrap(logits), &y = unwrap(targets);
    TORCH_CHECK(x.dim() == 2 && y.dim() == 1 && y.scalar_type() == at::kLong, "logits are [n, classes] and targets int64 [n]");
    if (recording_gradients)
      if (at::Tensor known = differentiable_cross_entropy(x, y, ignored); known.defined()) return known;
    return at::cross_entropy_loss(x.to(wide(x)), y, {}, at::Reduction::Mean, ignored);
  });
}

ct_tensor ct_add_low_rank(ct_tensor output, ct_tensor x, ct_tensor a, ct_tensor b, double scale, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &y = unwrap(output), &in = unwrap(x), &first = unwrap(a), &second = unwrap(b);
    bool fits = y.dim() == 2 && in.dim() == 2 && first.dim() == 2 && second.dim() == 2 && y.size(0) == in.size(0) &&
                in.size(1) == first.size(1) && first.size(0) == second.size(1) && second.size(0) == y.size(1);
    TORCH_CHECK(fits, "outputs ", y.sizes(), ", inputs ", in.sizes(), " and matrices ", first.sizes(), " and ",
                second.sizes(), " do not fit together");
    return add_low_rank(y, in, first, second, scale);
  });
}

ct_tensor ct_dropout(ct_tensor t, double probability, uint64_t seed, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor &x = unwrap(t);
    TORCH_CHECK(probability >= 0 && probability < 1, "a dropout probability is in [0, 1), not ", probability);
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    at::Tensor kept = at::rand(x.sizes(), generator, at::TensorOptions().dtype(at::kFloat)).ge(probability);
    return x * kept.to(x.device(), x.scalar_type()) / (1 - probability);
  });
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
