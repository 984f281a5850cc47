// Life, contents, creation, shape and indexing of tensors.
#include <ATen/CPUGeneratorImpl.h>

#include "Guard.h"

using namespace ct;

namespace ct {

at::ScalarType scalar_type(ct_dtype dtype) {
  switch (dtype) {
    case CT_FLOAT32: return at::kFloat;
    case CT_FLOAT64: return at::kDouble;
    case CT_FLOAT16: return at::kHalf;
    case CT_BFLOAT16: return at::kBFloat16;
    case CT_INT64: return at::kLong;
    case CT_INT32: return at::kInt;
    case CT_INT16: return at::kShort;
    case CT_INT8: return at::kChar;
    case CT_UINT8: return at::kByte;
    case CT_BOOL: return at::kBool;
  }
  TORCH_CHECK(false, "unknown element type ", static_cast<int>(dtype));
}

at::Device device(ct_device index) {
  if (index < 0) return at::Device(at::kCPU);
  TORCH_CHECK(index < ct_cuda_device_count(), "there is no CUDA device ", index, ": this machine has ",
              ct_cuda_device_count(), " that can be used");
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

static at::TensorOptions options(ct_dtype dtype, ct_device where) {
  return at::TensorOptions().dtype(scalar_type(dtype)).device(device(where));
}

}  // namespace ct

void ct_free(ct_tensor t) {
  if (!t) return;
  delete &unwrap(t);
  count_live(-1);
}

ct_tensor ct_borrow(void *data, const int64_t *shape, int64_t rank, ct_dtype dtype, void (*release)(void *),
                    void *context, ct_error *error) {
  return tensor(error, [&] {
    // Shared, so that the release happens exactly once wherever in here something fails.
    std::shared_ptr<void> owner(context, release);
    return at::from_blob(data, dims(shape, rank), [owner](void *) mutable { owner.reset(); }, options(dtype, -1));
  });
}

ct_tensor ct_copy_in(const void *data, const int64_t *shape, int64_t rank, ct_dtype dtype, ct_error *error) {
  return tensor(error, [&] {
    at::Tensor result = at::empty(dims(shape, rank), options(dtype, -1));
    if (result.nbytes() > 0) std::memcpy(result.mutable_data_ptr(), data, result.nbytes());
    return result;
  });
}

void ct_copy_out(ct_tensor t, void *data, int64_t byte_count, ct_error *error) {
  run(error, [&] {
    at::Tensor source = unwrap(t).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(static_cast<int64_t>(source.nbytes()) == byte_count, "destination has ", byte_count, " bytes, tensor has ",
                source.nbytes());
    if (byte_count > 0) std::memcpy(data, source.const_data_ptr(), byte_count);
  });
}

const void *ct_data(ct_tensor t) {
  const at::Tensor &tensor = unwrap(t);
  return tensor.is_cpu() && tensor.is_contiguous() ? tensor.const_data_ptr() : nullptr;
}

int64_t ct_count(ct_tensor t) { return unwrap(t).numel(); }
int64_t ct_rank(ct_tensor t) { return unwrap(t).dim(); }
int64_t ct_size(ct_tensor t, int64_t dimension) { return unwrap(t).sizes()[dimension]; }
bool ct_is_contiguous(ct_tensor t) { return unwrap(t).is_contiguous(); }

ct_dtype ct_dtype_of(ct_tensor t) {
  switch (unwrap(t).scalar_type()) {
    case at::kFloat: return CT_FLOAT32;
    case at::kDouble: return CT_FLOAT64;
    case at::kHalf: return CT_FLOAT16;
    case at::kBFloat16: return CT_BFLOAT16;
    case at::kInt: return CT_INT32;
    case at::kShort: return CT_INT16;
    case at::kChar: return CT_INT8;
    case at::kByte: return CT_UINT8;
    case at::kBool: return CT_BOOL;
    default: return CT_INT64;
  }
}

ct_device ct_device_of(ct_tensor t) {
  const at::Tensor &tensor = unwrap(t);
  return tensor.is_cpu() ? -1 : tensor.get_device();
}

ct_tensor ct_full(const int64_t *shape, int64_t rank, double value, ct_dtype dtype, ct_device where, ct_error *error) {
  return tensor(error, [&] { return at::full(dims(shape, rank), value, options(dtype, where)); });
}

ct_tensor ct_arange(int64_t start, int64_t end, ct_device where, ct_error *error) {
  return tensor(error, [&] { return at::arange(start, end, options(CT_INT64, where)); });
}

static at::Generator generator(at::Device device, uint64_t seed) {
  if (device.is_cpu()) return at::make_generator<at::CPUGeneratorImpl>(seed);
  at::Generator own = at::detail::getCUDAHooks().getNewGenerator(device.index());
  own.set_current_seed(seed);
  return own;
}

ct_tensor ct_random_normal(const int64_t *shape, int64_t rank, ct_dtype dtype, ct_device where, uint64_t seed,
                           ct_error *error) {
  return tensor(error, [&] {
    return at::randn(dims(shape, rank), generator(device(where), seed), options(dtype, where));
  });
}

/// Copies up to this size go to the GPU from pinned memory, which libtorch keeps for the next one.
static constexpr size_t largest_pinned = 64 << 20;

/// To a GPU without waiting for it. A copy from pageable memory first waits for all that the GPU was given before.
static at::Tensor sent(const at::Tensor &t, at::Device device, at::ScalarType type) {
  if (t.nbytes() > largest_pinned) return t.to(device, type);
  return t.to(type).pin_memory().to(device, /*non_blocking=*/true);
}

ct_tensor ct_convert(ct_tensor t, ct_dtype dtype, ct_device where, ct_error *error) {
  return tensor(error, [&] {
    at::Device target = device(where);
    at::ScalarType type = scalar_type(dtype);
    return unwrap(t).is_cpu() && target.is_cuda() ? sent(unwrap(t), target, type) : unwrap(t).to(target, type);
  });
}

ct_tensor ct_contiguous(ct_tensor t, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).contiguous(); });
}

ct_tensor ct_clone(ct_tensor t, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).clone(); });
}

ct_tensor ct_reshape(ct_tensor t, const int64_t *shape, int64_t rank, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).reshape(dims(shape, rank)); });
}

ct_tensor ct_permute(ct_tensor t, const int64_t *order, int64_t rank, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).permute(dims(order, rank)); });
}

ct_tensor ct_transpose(ct_tensor t, int64_t a, int64_t b, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).transpose(a, b); });
}

ct_tensor ct_narrow(ct_tensor t, int64_t dimension, int64_t start, int64_t length, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).narrow(dimension, start, length); });
}

ct_tensor ct_unsqueeze(ct_tensor t, int64_t dimension, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).unsqueeze(dimension); });
}

ct_tensor ct_select(ct_tensor t, int64_t dimension, int64_t index, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).select(dimension, index); });
}

ct_tensor ct_expand(ct_tensor t, const int64_t *shape, int64_t rank, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).expand(dims(shape, rank)); });
}

ct_tensor ct_concatenate(const ct_tensor *tensors, int64_t count, int64_t dimension, ct_error *error) {
  return tensor(error, [&] { return at::cat(list(tensors, count), dimension); });
}

ct_tensor ct_stack(const ct_tensor *tensors, int64_t count, int64_t dimension, ct_error *error) {
  return tensor(error, [&] { return at::stack(list(tensors, count), dimension); });
}

ct_tensor ct_lower_triangle(ct_tensor t, int64_t diagonal, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).tril(diagonal); });
}

ct_tensor ct_index_select(ct_tensor t, int64_t dimension, ct_tensor indices, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).index_select(dimension, unwrap(indices)); });
}

ct_tensor ct_gather(ct_tensor t, int64_t dimension, ct_tensor indices, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).gather(dimension, unwrap(indices)); });
}

ct_tensor ct_index_replace(ct_tensor t, int64_t dimension, ct_tensor indices, ct_tensor source, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).index_copy(dimension, unwrap(indices), unwrap(source)); });
}

ct_tensor ct_index_add(ct_tensor t, int64_t dimension, ct_tensor indices, ct_tensor source, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).index_add(dimension, unwrap(indices), unwrap(source)); });
}

void ct_write_narrow(ct_tensor t, int64_t dimension, int64_t start, ct_tensor source, ct_error *error) {
  run(error, [&] {
    at::Tensor &values = unwrap(source);
    unwrap(t).narrow(dimension, start, values.size(dimension)).copy_(values);
  });
}

void ct_write_at(ct_tensor t, ct_tensor rows, ct_tensor columns, ct_tensor source, ct_error *error) {
  run(error, [&] { unwrap(t).index_put_({unwrap(rows), unwrap(columns)}, unwrap(source)); });
}
