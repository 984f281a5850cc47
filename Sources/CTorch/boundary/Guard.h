// What every function behind CTorch.h goes through: exceptions become error values, and no autograd graph is recorded
// unless this thread asked for it.
#pragma once
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <atomic>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "../include/CTorch.h"
#include "../kernels/Dispatch.h"

namespace ct {

inline std::atomic<int64_t> live_tensors{0};
inline thread_local int64_t thread_live_tensors = 0;
inline thread_local bool recording_gradients = false;
inline thread_local bool uses_own_products = true;  // of float32, where the processor has them

inline std::atomic<int32_t> wanted_threads{0};  // 0: not set, libtorch chooses
inline thread_local int32_t own_threads = 0;    // of this thread's calls; 0: as everywhere

/// OpenMP keeps the number of threads per calling thread, so one that was set elsewhere has to be taken over here.
inline void apply_thread_count() {
  static const int32_t chosen_by_libtorch = (require_valid_environment(), at::get_num_threads());
  static thread_local int32_t applied = 0;
  int32_t wanted = own_threads != 0 ? own_threads : wanted_threads.load(std::memory_order_relaxed);
  if (wanted == 0) wanted = chosen_by_libtorch;
  if (wanted == applied) return;
  at::set_num_threads(wanted);
  applied = wanted;
}

inline void count_live(int64_t change) {
  live_tensors.fetch_add(change, std::memory_order_relaxed);
  thread_live_tensors += change;
}

inline at::Tensor &unwrap(ct_tensor t) { return *reinterpret_cast<at::Tensor *>(t); }

inline ct_tensor wrap(at::Tensor t) {
  auto *boxed = new at::Tensor(std::move(t));
  count_live(1);
  return reinterpret_cast<ct_tensor>(boxed);
}

inline void set_error(ct_error *error, ct_error_code code, const char *message) {
  error->code = code;
  error->message = strdup(message);
}

/// Runs `body` with this thread's gradient mode and the process's thread count and turns what it throws into `error`;
/// `failure` is the result then.
template <class Result, class Body>
Result guarded(ct_error *error, Result failure, Body body) {
  try {
    apply_thread_count();
    at::AutoGradMode mode(recording_gradients);
    return body();
  } catch (const c10::OutOfMemoryError &e) {
    set_error(error, CT_OUT_OF_MEMORY, e.what_without_backtrace());
  } catch (const c10::Error &e) {
    // The CPU allocator reports exhaustion as a plain error; its wording is the only sign.
    const char *text = e.what_without_backtrace();
    bool memory = std::strstr(text, "can't allocate memory") || std::strstr(text, "not enough memory");
    set_error(error, memory ? CT_OUT_OF_MEMORY : CT_INVALID, text);
  } catch (const std::bad_alloc &) {
    set_error(error, CT_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception &e) {
    set_error(error, CT_FAILED, e.what());
  } catch (...) {
    set_error(error, CT_FAILED, "unknown C++ exception");
  }
  return failure;
}

/// `guarded` for the usual case: a body that gives one tensor.
template <class Body>
ct_tensor tensor(ct_error *error, Body body) {
  return guarded(error, static_cast<ct_tensor>(nullptr), [&] { return wrap(body()); });
}

/// `guarded` for a body that gives nothing.
template <class Body>
void run(ct_error *error, Body body) {
  guarded(error, 0, [&] {
    body();
    return 0;
  });
}

inline at::IntArrayRef dims(const int64_t *shape, int64_t rank) { return {shape, static_cast<size_t>(rank)}; }

inline std::vector<at::Tensor> list(const ct_tensor *tensors, int64_t count) {
  std::vector<at::Tensor> result;
  result.reserve(count);
  for (int64_t i = 0; i < count; i++) result.push_back(unwrap(tensors[i]));
  return result;
}

/// float32, or float64 where the numbers are float64 already.
inline at::ScalarType wide(const at::Tensor &t) { return t.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

at::ScalarType scalar_type(ct_dtype dtype);
at::Device device(ct_device index);

}  // namespace ct
