// Loops over all threads of libtorch's pool.
//
// at::parallel_for is only parallel in code that is compiled with OpenMP, which clang has of its own and libtorch not: its
// pool is libgomp's, and this hands loops to that very pool.
#pragma once
#include <ATen/Parallel.h>

#include <algorithm>
#include <exception>
#include <mutex>

namespace ct {

/// Elements that are worth a thread of their own.
constexpr int64_t elements_a_thread = 32768;

/// Runs `body(context, index)` for each index below `count` on a thread of its own, where the process has libgomp, and
/// one after another elsewhere.
void run_threads(void (*body)(void *context, int64_t index), void *context, int64_t count);

/// `body(from, to)` over parts of `begin ..< end`, one a thread, each of at least `grain`. The parts depend on the number of
/// threads and nothing else.
template <class Body>
void parallel_for(int64_t begin, int64_t end, int64_t grain, const Body &body) {
  if (end <= begin) return;
  int64_t most = at::in_parallel_region() ? 1 : at::get_num_threads();
  int64_t threads = std::clamp<int64_t>((end - begin + grain - 1) / std::max<int64_t>(1, grain), 1, most);
  if (threads == 1) return body(begin, end);
  struct Job {
    const Body &body;
    int64_t begin, end, share;
    std::once_flag failed;
    std::exception_ptr failure;
  } job{body, begin, end, (end - begin + threads - 1) / threads, {}, {}};
  run_threads(
      [](void *context, int64_t index) {
        auto &job = *static_cast<Job *>(context);
        int64_t from = job.begin + index * job.share, to = std::min(job.end, from + job.share);
        try {
          if (from < to) job.body(from, to);
        } catch (...) {  // must not leave the pool's thread
          std::call_once(job.failed, [&] { job.failure = std::current_exception(); });
        }
      },
      &job, threads);
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace ct
