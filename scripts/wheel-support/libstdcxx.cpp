// What the program takes from a newer libstdc++ than GCC 8's and libstdc++.a has only together with much else
// (scripts/wheel).
#include <cstdlib>
#include <exception>
#include <new>

namespace std {
void __throw_bad_array_new_length() { throw bad_array_new_length(); }
}  // namespace std

namespace __cxxabiv1 {
// Called where a thrown exception_ptr leaves a frame that no exception may leave.
void __terminate(std::terminate_handler handler) noexcept {
  handler();
  std::abort();
}
}  // namespace __cxxabiv1
