// What the program takes from a newer glibc than 2.28, in terms of that one (scripts/wheel).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>

// By this libstdc++'s headers tell whether there is one thread, to spare themselves atomic operations: glibc 2.32 has it.
// "No" is right for any number.
char __libc_single_threaded = 0;

// Where a new process should start: glibc 2.29 has it. Foundation's Process asks for it where a folder is given.
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path) {
  int (*own)(posix_spawn_file_actions_t *, const char *) = dlsym(RTLD_NEXT, "posix_spawn_file_actions_addchdir_np");
  return own ? own(actions, path) : ENOSYS;
}

// The start code of glibc 2.34 and later leaves it to the library to run the program's initializers. An older library runs
// the function that it is given, which came with the start code.
typedef void (*Initializer)(int, char **, char **);
extern Initializer __init_array_start[] __attribute__((visibility("hidden")));
extern Initializer __init_array_end[] __attribute__((visibility("hidden")));
extern void _init(void);

static void initialize(int count, char **arguments, char **environment) {
  _init();
  for (Initializer *one = __init_array_start; one < __init_array_end; one++) (*one)(count, arguments, environment);
}

typedef int (*Program)(int, char **, char **);
int __real___libc_start_main(Program, int, char **, Initializer, void (*)(void), void (*)(void), void *);

int __wrap___libc_start_main(
    Program main, int count, char **arguments, Initializer init, void (*fini)(void), void (*end)(void), void *stack) {
  return __real___libc_start_main(main, count, arguments, init ? init : initialize, fini, end, stack);
}
