// Version, threads, devices, errors, autograd.
#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adamw.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#include <mutex>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "Guard.h"

using namespace ct;

#if defined(__GLIBC__)
/// A pass allocates and frees the same large buffers in every layer. By default each is mapped anew, and the kernel
/// clears its pages again; kept in the heap, up to 1 GiB of them stays with the process.
static const bool keeps_buffers = mallopt(M_MMAP_MAX, 0) && mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif

void ct_error_clear(ct_error *error) {
  free(error->message);
  error->message = nullptr;
  error->code = CT_OK;
}

const char *ct_version(void) { return TORCH_VERSION; }
int32_t ct_thread_count(void) { return at::get_num_threads(); }

void ct_set_thread_count(int32_t count) {
  try {
    at::set_num_threads(count);
  } catch (...) {  // an impossible count is refused by the caller; libtorch's own opinion changes nothing
  }
}

int64_t ct_live_tensor_count(void) { return live_tensors.load(std::memory_order_relaxed); }

int32_t ct_cuda_device_count(void) {
  // The CUDA half is loaded on demand: a machine without it must start as quickly as one with it.
  static std::once_flag loaded;
  std::call_once(loaded, [] { dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL); });
  ct_error error = {CT_OK, nullptr};
  int32_t count = guarded(&error, int32_t{0}, [] {
    return at::hasCUDA() ? static_cast<int32_t>(at::detail::getCUDAHooks().deviceCount()) : int32_t{0};
  });
  ct_error_clear(&error);
  return count;
}

void ct_cuda_synchronize(ct_error *error) {
  run(error, [] {
    if (at::hasCUDA()) at::detail::getCUDAHooks().deviceSynchronize(at::detail::getCUDAHooks().getCurrentDevice());
  });
}

bool ct_set_recording_gradients(bool recording) {
  bool previous = recording_gradients;
  recording_gradients = recording;
  return previous;
}

ct_tensor ct_requiring_gradient(ct_tensor t, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).detach().set_requires_grad(true); });
}

ct_tensor ct_detach(ct_tensor t, ct_error *error) {
  return tensor(error, [&] { return unwrap(t).detach(); });
}

void ct_gradients(ct_tensor output, const ct_tensor *inputs, int64_t count, ct_tensor *gradients, ct_error *error) {
  run(error, [&] {
    auto result = torch::autograd::grad({unwrap(output)}, list(inputs, count), /*grad_outputs=*/{},
                                        /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
    for (int64_t i = 0; i < count; i++) gradients[i] = result[i].defined() ? wrap(result[i]) : nullptr;
  });
}

void ct_adamw_step(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *means,
                   const ct_tensor *squares, int64_t count, int64_t step, double learning_rate, double beta1,
                   double beta2, double epsilon, double weight_decay, ct_error *error) {
  run(error, [&] {
    at::NoGradGuard no_gradients;
    // The fused kernel takes the number of this step, and one counter a parameter.
    std::vector<at::Tensor> steps(count, at::full({}, static_cast<double>(step), at::kFloat));
    auto targets = list(parameters, count);
    at::_fused_adamw_(targets, list(gradients, count), list(means, count), list(squares, count), {}, steps,
                      learning_rate, beta1, beta2, weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false);
  });
}
