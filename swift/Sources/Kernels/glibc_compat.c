// Swift 6.0.3's static libraries are compiled against glibc 2.41 and ask for functions that glibc 2.36 and 2.37 lack.
// These definitions let the dylib load there. They are hidden, so they serve this library alone.
#if defined(__linux__)

#include <stdarg.h>
#include <stddef.h>

// glibc >= 2.38's headers redirect strtol to __isoc23_strtol: naming the symbol keeps the call from finding itself.
extern long host_strtol(const char *, char **, int) __asm__("strtol");
extern long long host_strtoll(const char *, char **, int) __asm__("strtoll");
extern unsigned long host_strtoul(const char *, char **, int) __asm__("strtoul");
extern unsigned long long host_strtoull(const char *, char **, int) __asm__("strtoull");
extern int host_vsscanf(const char *, const char *, va_list) __asm__("vsscanf");
extern size_t strlen(const char *);
extern void *memcpy(void *, const void *, size_t);

#define COMPAT __attribute__((weak, visibility("hidden")))

COMPAT long __isoc23_strtol(const char *text, char **end, int base) { return host_strtol(text, end, base); }

COMPAT long long __isoc23_strtoll(const char *text, char **end, int base) { return host_strtoll(text, end, base); }

COMPAT unsigned long __isoc23_strtoul(const char *text, char **end, int base) { return host_strtoul(text, end, base); }

COMPAT unsigned long long __isoc23_strtoull(const char *text, char **end, int base) {
  return host_strtoull(text, end, base);
}

COMPAT int __isoc23_sscanf(const char *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int count = host_vsscanf(text, format, arguments);
  va_end(arguments);
  return count;
}

COMPAT size_t strlcpy(char *to, const char *from, size_t capacity) {
  size_t length = strlen(from);
  if (capacity > 0) {
    size_t kept = length < capacity ? length : capacity - 1;
    memcpy(to, from, kept);
    to[kept] = 0;
  }
  return length;
}

COMPAT size_t strlcat(char *to, const char *from, size_t capacity) {
  size_t used = 0;
  while (used < capacity && to[used] != 0) used++;
  return used + strlcpy(to + used, from, capacity - used);
}

#endif
