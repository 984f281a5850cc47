#include "Parallel.h"

#include <dlfcn.h>

#include <atomic>

namespace ct {

namespace {

/// What compilers call at the beginning of a parallel region: `body(data)` on `threads` threads of the pool.
using Start = void (*)(void (*body)(void *), void *data, unsigned threads, unsigned flags);

/// libgomp comes with libtorch; where another runtime took its place there is no pool to hand loops to.
Start pool() {
  static const Start start = reinterpret_cast<Start>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  return start;
}

struct Job {
  void (*body)(void *, int64_t);
  void *context;
  int64_t count;
  std::atomic<int64_t> next{0};
};

}  // namespace

void run_threads(void (*body)(void *context, int64_t index), void *context, int64_t count) {
  Job job{body, context, count};
  // Every thread takes one index, and more where the pool gave fewer threads than were asked for.
  auto work = [](void *data) {
    auto &job = *static_cast<Job *>(data);
    for (int64_t index; (index = job.next++) < job.count;) job.body(job.context, index);
  };
  pool() ? pool()(work, &job, static_cast<unsigned>(count), 0) : work(&job);
}

}  // namespace ct
