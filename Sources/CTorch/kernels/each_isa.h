// Compiles the file that includes this, CT_SOURCE, once for every instruction set, each time in a namespace of its own and
// with the vectors of simd.h in that set's width (the technique of Highway's foreach_target.h). The file's own body stands
// under `#ifdef CT_LANES`; what is called from outside is chosen by CT_CHOSEN. A body has no #include and no function that
// is not in its namespace: the loader would keep one copy, compiled for any processor.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "Dispatch.h"
#include "Parallel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define CT_LANES 4
namespace ct::plain {
namespace {
#include "simd.h"
#include CT_SOURCE
}  // namespace
}  // namespace ct::plain
#undef CT_LANES

#if defined(__x86_64__)

#define CT_LANES 8
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
namespace ct::avx2 {
namespace {
#include "simd.h"
#include CT_SOURCE
}  // namespace
}  // namespace ct::avx2
#pragma clang attribute pop
#undef CT_LANES

#define CT_LANES 16
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,f16c"))), apply_to = function)
namespace ct::avx512 {
namespace {
#include "simd.h"
#include CT_SOURCE
}  // namespace
}  // namespace ct::avx512
#pragma clang attribute pop

#define CT_BFLOAT16 1
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,f16c,avx512bf16"))), \
                             apply_to = function)
namespace ct::avx512bf16 {
namespace {
#include "simd.h"
#include CT_SOURCE
}  // namespace
}  // namespace ct::avx512bf16
#pragma clang attribute pop
#undef CT_BFLOAT16
#undef CT_LANES

/// The function of that name for the widest instruction set that this processor has and the user allows.
#define CT_CHOSEN(...)                                                                    \
  ct::chosen(ct::isa(), &ct::plain::__VA_ARGS__, &ct::avx2::__VA_ARGS__, &ct::avx512::__VA_ARGS__, \
             &ct::avx512bf16::__VA_ARGS__)

#else
#define CT_CHOSEN(...) (&ct::plain::__VA_ARGS__)
#endif
