// usage: kernels-test [instruction set…] [suite…]   runs the suites (all) on the sets (all that this machine can run)
//        kernels-test --isa|--threads                 prints what the environment and the machine lead to
#include "check.h"

#define S(NAME) void test_##NAME(void);
#include "suites.h"
#undef S

#if defined(__x86_64__)
extern const tlk_kernel_table tlk_table_wide;
#endif

static const struct {
  const char *name;
  void (*run)(void);
} suites[] = {
#define S(NAME) {#NAME, test_##NAME},
#include "suites.h"
#undef S
};

static bool is_suite(const char *name) {
  for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
    if (strcmp(suites[i].name, name) == 0) return true;
  return false;
}

// Whether `name` is among the arguments of its kind, or none of that kind is there.
static bool wanted(int count, char **names, const char *name) {
  bool any = false;
  for (int i = 1; i < count; i++) {
    if (strcmp(names[i], name) == 0) return true;
    any |= is_suite(names[i]) == is_suite(name);
  }
  return !any;
}

static void run_suites(const char *isa, int count, char **names) {
  isa_under_test = isa;
  for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
    if (!wanted(count, names, suites[i].name)) continue;
    int passed_before = passed, failed_before = failed;
    suites[i].run();
    release_guarded();
    printf("%s %s %s %d checks\n", failed == failed_before ? "ok" : "not ok", isa, suites[i].name,
           passed - passed_before + failed - failed_before);
    fflush(stdout);
  }
}

static int print_choice(const char *what) {
  if (strcmp(what, "--threads") == 0) {
    printf("%td\n", tlk_thread_count());
    return 0;
  }
  printf("%s\n", tlk_isa_name(tlk_isa_active()));
  if (tlk_isa_problem()) printf("%s\n", tlk_isa_problem());
  return 0;
}

int main(int count, char **names) {
  if (count == 2 && names[1][0] == '-') return print_choice(names[1]);
  static const tlk_isa isas[] = {TLK_ISA_SCALAR, TLK_ISA_AVX2, TLK_ISA_AVX512, TLK_ISA_AMX, TLK_ISA_NEON};
  for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
    if (!wanted(count, names, tlk_isa_name(isas[i]))) continue;
    if (tlk_isa_select(isas[i])) run_suites(tlk_isa_name(isas[i]), count, names);
    else printf("skip %s: this machine lacks it\n", tlk_isa_name(isas[i]));
  }
#if defined(__x86_64__)
  if (wanted(count, names, "wide") && tlk_isa_available(TLK_ISA_AVX2)) {
    tlk_kernels_use(&tlk_table_wide);
    run_suites("wide", count, names);
  }
#endif
  printf("%d passed, %d failed\n", passed, failed);
  return failed > 0;
}
