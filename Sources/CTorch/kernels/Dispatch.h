// Which kernel each job takes on this processor, and why: the one table that all kernels ask and `telltale doctor` prints.
#pragma once
#include "../include/CTorch.h"

namespace ct {

/// Instruction sets that kernels are compiled for, each with all of those before it.
enum class Isa { plain, avx2, avx512, avx512bf16 };

/// The widest that this processor has and TELLTALE_ISA allows.
Isa isa();

/// Whether the job has a kernel of this library's own here.
bool has_own(ct_job job);

/// Asks libtorch and its library, before they look, to keep to what TELLTALE_ISA allows.
void cap_libtorch();

/// Throws a sentence where a variable of the environment says what cannot be.
void require_valid_environment();

template <class Function>
Function *chosen(Isa isa, Function *plain, Function *avx2, Function *avx512, Function *avx512bf16) {
  Function *all[] = {plain, avx2, avx512, avx512bf16};
  return all[static_cast<int>(isa)];
}

}  // namespace ct
