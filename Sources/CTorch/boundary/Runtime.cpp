// Version, threads, devices, errors, autograd.
#include <ATen/ops/_fused_adamw.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>
#include <link.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <chrono>
#include <set>
#include <thread>

#include "../kernels/Parallel.h"
#include "Guard.h"

using namespace ct;

void ct_start(ct_error *error) {
#if defined(__GLIBC__)
  // A pass allocates and frees the same large buffers in every layer. By default each is mapped anew, and the kernel clears
  // its pages again; kept in the heap, up to 1 GiB of them stays with the process.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
  cap_libtorch();
  run(error, require_valid_environment);
}

void ct_error_clear(ct_error *error) {
  free(error->message);
  error->message = nullptr;
  error->code = CT_OK;
}

const char *ct_version(void) { return TORCH_VERSION; }

/// The linker's own list: /proc/self/maps leaves paths out under some container runtimes.
static int keep_libtorch_path(dl_phdr_info *library, size_t, void *found) {
  std::string path = library->dlpi_name;
  bool is_libtorch = path.size() > 15 && path.compare(path.size() - 16, 16, "/libtorch_cpu.so") == 0;
  if (is_libtorch) *static_cast<std::string *>(found) = path;
  return is_libtorch;
}

const char *ct_library_path(void) {
  static const std::string path = [] {
    std::string found;
    dl_iterate_phdr(keep_libtorch_path, &found);
    return found;
  }();
  return path.c_str();
}

int32_t ct_thread_count(void) {
  ct_error error = {CT_OK, nullptr};
  int32_t count = guarded(&error, int32_t{1}, [] { return static_cast<int32_t>(at::get_num_threads()); });
  ct_error_clear(&error);
  return count;
}

void ct_set_thread_count(int32_t count) { wanted_threads.store(count, std::memory_order_relaxed); }

int32_t ct_set_own_thread_count(int32_t count) { return std::exchange(own_threads, count); }

int32_t ct_loop_thread_count(void) {
  ct_error error = {CT_OK, nullptr};
  int32_t count = guarded(&error, int32_t{0}, [] {
    std::set<std::thread::id> seen;
    std::mutex lock;
    auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    auto arrived = [&] {
      std::lock_guard<std::mutex> locked(lock);
      seen.insert(std::this_thread::get_id());
      return static_cast<int>(seen.size());
    };
    // A thread that were done at once would take the parts of those that are still waking up.
    int wanted = at::get_num_threads();
    parallel_for(0, 1024, 1, [&](int64_t, int64_t) {
      while (arrived() < wanted && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    });
    return static_cast<int32_t>(seen.size());
  });
  ct_error_clear(&error);
  return count;
}

bool ct_set_own_products(bool used) { return std::exchange(uses_own_products, used); }

int64_t ct_live_tensor_count(void) { return live_tensors.load(std::memory_order_relaxed); }
int64_t ct_live_tensor_count_of_thread(void) { return thread_live_tensors; }

/// libtorch remembers for good whether CUDA was there when it was first asked, so nothing may ask before this is true.
static std::atomic<bool> cuda_asked{false};

static int32_t count_cuda_devices() {
  // The CUDA half is loaded on demand: a machine without it must start as quickly as one with it.
  dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
  cuda_asked = true;
  ct_error error = {CT_OK, nullptr};
  int32_t count = guarded(&error, int32_t{0}, [] {
    if (!at::hasCUDA()) return int32_t{0};
    // float32 means float32, and cuDNN's attention would be compiled anew for every length.
    at::globalContext().setAllowTF32CuBLAS(false);
    at::globalContext().setSDPUseCuDNN(false);
    return static_cast<int32_t>(at::detail::getCUDAHooks().deviceCount());
  });
  ct_error_clear(&error);
  return count;
}

int32_t ct_cuda_device_count(void) {
  static const int32_t count = count_cuda_devices();
  return count;
}

int64_t ct_cuda_free_memory(int32_t index, ct_error *error) {
  return guarded(error, int64_t{0}, [&] {
    auto device = static_cast<c10::DeviceIndex>(index);
    return static_cast<int64_t>(c10::getDeviceAllocator(c10::DeviceType::CUDA)->getMemoryInfo(device).first);
  });
}

void ct_cuda_synchronize(ct_error *error) {
  run(error, [] {
    if (cuda_asked && at::hasCUDA())
      at::detail::getCUDAHooks().deviceSynchronize(at::detail::getCUDAHooks().getCurrentDevice());
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

void ct_gradients(const ct_tensor *outputs, const ct_tensor *given, int64_t output_count, const ct_tensor *inputs,
                  int64_t count, ct_tensor *gradients, ct_error *error) {
  run(error, [&] {
    std::vector<at::Tensor> weights;
    if (given) weights = list(given, output_count);
    auto result = torch::autograd::grad(list(outputs, output_count), list(inputs, count), weights,
                                        /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
    for (int64_t i = 0; i < count; i++) gradients[i] = result[i].defined() ? wrap(result[i]) : nullptr;
  });
}

/// The fused kernel walks the raw memory of all four tensors in step and checks none of this itself.
static void check_steps_with(const at::Tensor &parameter, const at::Tensor &other) {
  TORCH_CHECK(parameter.is_contiguous() && other.is_contiguous(), "a parameter of AdamW must be contiguous");
  TORCH_CHECK(parameter.sizes() == other.sizes(), "a gradient or moment of shape ", other.sizes(),
              " does not fit a parameter of shape ", parameter.sizes());
  TORCH_CHECK(parameter.scalar_type() == other.scalar_type() && parameter.device() == other.device(),
              "a gradient or moment of type ", other.scalar_type(), " on ", other.device(),
              " does not fit a parameter of type ", parameter.scalar_type(), " on ", parameter.device());
}

void ct_adamw_step(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *means,
                   const ct_tensor *squares, int64_t count, int64_t step, double learning_rate, double beta1,
                   double beta2, double epsilon, double weight_decay, ct_error *error) {
  run(error, [&] {
    at::NoGradGuard no_gradients;
    auto targets = list(parameters, count), m = list(means, count), v = list(squares, count);
    auto slopes = list(gradients, count);
    for (int64_t i = 0; i < count; i++) {
      slopes[i] = slopes[i].contiguous();  // the gradient of a sum is one number expanded
      for (const at::Tensor *t : {&slopes[i], &m[i], &v[i]}) check_steps_with(targets[i], *t);
    }
    // The fused kernel takes the number of this step, and one counter a parameter.
    std::vector<at::Tensor> steps(count, at::full({}, static_cast<double>(step), at::kFloat));
    at::_fused_adamw_(targets, slopes, m, v, {}, steps, learning_rate, beta1, beta2, weight_decay, epsilon,
                      /*amsgrad=*/false, /*maximize=*/false);
  });
}
