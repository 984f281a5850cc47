# Sourced by the scripts beside it: where the checkout is, how to speak, and an environment that cannot skew a run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Thread counts and kernels are Telltale's own choice; a shell's leftovers would change timings and last digits.
unset OMP_NUM_THREADS MKL_NUM_THREADS OPENBLAS_NUM_THREADS OPENBLAS_CORETYPE

say() { echo "$(basename "$0"): $*" >&2; }

fail() {
  say "$*"
  exit 1
}

# Swift's own clang compiles the C++ side, but the C++ standard library comes with the system.
require_toolchain() {
  local clang
  command -v swift >/dev/null || fail "swift is not on PATH: install Swift 6.3 (https://www.swift.org/install)"
  clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang++
  if [[ -x $clang ]] && ! "$clang" -x c++ -std=c++17 -fsyntax-only - <<<'#include <string>' 2>/dev/null; then
    fail "the headers of the C++ standard library are missing: install them (Debian: apt-get install g++)"
  fi
}

# Threads that wait for each other spin by default, which on a busy machine costs many times the work itself.
export OMP_WAIT_POLICY=passive
