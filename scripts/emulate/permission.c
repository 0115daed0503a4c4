// Linux inside of the emulator cannot give leave to use tiles (tiles.c says why): the test program, linked with --wrap=syscall, gets it here.
#include <sys/syscall.h>

#define ARCH_REQ_XCOMP_PERM 0x1023

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  if (number == SYS_arch_prctl && a == ARCH_REQ_XCOMP_PERM) return 0;
  return __real_syscall(number, a, b, c, d, e, f);
}
