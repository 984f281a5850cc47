#include "Dispatch.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace ct {

namespace {

constexpr const char *isa_names[] = {"plain", "avx2", "avx512", "avx512bf16"};

/// What matters of a processor.
struct Processor {
  Isa isa = Isa::plain;
  bool multiplies_bytes = false;  // AVX512-VNNI
  bool has_tiles = false;         // AMX
  bool is_intel = false;

  Processor() {
#if defined(__x86_64__)
    is_intel = __builtin_cpu_is("intel");
    has_tiles = __builtin_cpu_supports("amx-bf16");
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) isa = Isa::avx2;
    if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
          __builtin_cpu_supports("avx512dq")))
      return;
    isa = __builtin_cpu_supports("avx512bf16") ? Isa::avx512bf16 : Isa::avx512;
    multiplies_bytes = __builtin_cpu_supports("avx512vnni");
#endif
  }
};

/// What TELLTALE_ISA allows; `problem` becomes a sentence where it names no instruction set.
Isa allowed_isa(std::string &problem) {
  const char *name = std::getenv("TELLTALE_ISA");
  if (!name || !*name) return Isa::avx512bf16;
  for (int i = 0; i < 4; i++)
    if (std::strcmp(name, isa_names[i]) == 0) return static_cast<Isa>(i);
  problem = "the environment's TELLTALE_ISA is \"" + std::string(name) +
            "\", but may be plain, avx2, avx512 or avx512bf16; unset it to use all that the processor has";
  return Isa::avx512bf16;
}

constexpr const char *job_names[] = {"16 bits, products of few rows", "16 bits, products of many rows",
                                     "16 bits, attention over packs", "16 bits, attention in decoding",
                                     "float32, products", "int8, products", "blocks, products", "steps between products"};

bool is_libtorch(const char *variable) {
  const char *value = std::getenv(variable);
  return value && std::strcmp(value, "libtorch") == 0;
}

/// The variable of the environment that sends a job to libtorch, as a reason; null where it does not.
const char *switched_off(ct_job job) {
  if (job == CT_FLOAT32_PRODUCTS) return is_libtorch("TELLTALE_FLOAT32") ? "TELLTALE_FLOAT32=libtorch" : nullptr;
  if (job == CT_INT8_PRODUCTS) return is_libtorch("TELLTALE_INT8") ? "TELLTALE_INT8=libtorch" : nullptr;
  if (job == CT_BLOCK_PRODUCTS) return is_libtorch("TELLTALE_BLOCKS") ? "TELLTALE_BLOCKS=libtorch" : nullptr;
  if (job == CT_STEPS) return nullptr;
  return is_libtorch("TELLTALE_BFLOAT16") ? "TELLTALE_BFLOAT16=libtorch" : nullptr;
}

/// Why the job is libtorch's on this processor; null where it is not.
const char *lacking(ct_job job, const Processor &p, Isa used) {
  switch (job) {
    case CT_MANY_ROWS:
    case CT_PACK_ATTENTION: return p.has_tiles ? "its library uses AMX" : nullptr;
    case CT_FLOAT32_PRODUCTS:
      if (p.is_intel) return "MKL is fast on Intel's processors";
      return used >= Isa::avx2 ? nullptr : "needs avx2";
    case CT_INT8_PRODUCTS: return used >= Isa::avx512 && p.multiplies_bytes ? nullptr : "needs avx512 with VNNI";
    default: return nullptr;
  }
}

/// What an own kernel of the job is.
const char *described(ct_job job, Isa used) {
  constexpr const char *widened[] = {"plain, widened to float32", "avx2, widened to float32", "avx512, widened to float32"};
  if (used == Isa::avx512bf16) return job < CT_FLOAT32_PRODUCTS ? "avx512bf16" : "avx512";
  return job < CT_FLOAT32_PRODUCTS ? widened[static_cast<int>(used)] : isa_names[static_cast<int>(used)];
}

struct Table {
  Processor processor;
  std::string problem;
  Isa used = std::min(processor.isa, allowed_isa(problem));
  std::array<ct_kernel, CT_JOB_COUNT> kernels;

  Table() {
    for (int i = 0; i < CT_JOB_COUNT; i++) {
      auto job = static_cast<ct_job>(i);
      const char *reason = switched_off(job);
      if (!reason) reason = lacking(job, processor, used);
      kernels[i] = {job_names[i], reason ? reason : described(job, used), reason == nullptr};
    }
  }
};

const Table &table() {
  static const Table table;
  return table;
}

}  // namespace

Isa isa() { return table().used; }

bool has_own(ct_job job) { return table().kernels[job].is_own; }

void cap_libtorch() {
  constexpr const char *aten[] = {"default", "avx2", "avx512"}, *onednn[] = {"SSE41", "AVX2", "AVX512_CORE"};
  if (isa() == table().processor.isa) return;
  setenv("ATEN_CPU_CAPABILITY", aten[static_cast<int>(isa())], /*overwrite=*/0);
  setenv("ONEDNN_MAX_CPU_ISA", onednn[static_cast<int>(isa())], /*overwrite=*/0);
}

void require_valid_environment() {
  if (!table().problem.empty()) throw std::invalid_argument(table().problem);
}

}  // namespace ct

ct_kernel ct_kernel_of(ct_job job) { return ct::table().kernels[job]; }

const char *ct_instruction_set(bool allowed) {
  return ct::isa_names[static_cast<int>(allowed ? ct::table().used : ct::table().processor.isa)];
}
