#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "cpu_count.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)

static tlk_int affinity_cpus(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? online : 1;
}

// cgroup v2: "<quota> <period>" or "max <period>" in microseconds. 0: no limit found.
static tlk_int quota_in(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  long long quota = 0, period = 0;
  int fields = fscanf(file, "%lld %lld", &quota, &period);
  fclose(file);
  if (fields != 2 || quota <= 0 || period <= 0) return 0;
  return (tlk_int)((quota + period - 1) / period);
}

static tlk_int smaller_limit(tlk_int a, tlk_int b) {
  if (a == 0) return b;
  return b == 0 || a < b ? a : b;
}

// The quota of the process's own group and of each group above it.
static tlk_int cgroup_cpus(void) {
  char line[512], path[640];
  tlk_int limit = quota_in("/sys/fs/cgroup/cpu.max");
  FILE *file = fopen("/proc/self/cgroup", "r");
  if (!file) return limit;
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, "0::/", 4) != 0) continue;
    char *group = line + 3;
    group[strcspn(group, "\n")] = 0;
    for (char *slash; (slash = strrchr(group, '/')) != NULL && group[1] != 0; *slash = 0) {
      snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
      limit = smaller_limit(limit, quota_in(path));
      if (slash == group) break;
    }
  }
  fclose(file);
  return limit;
}

#else

static tlk_int affinity_cpus(void) {
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? online : 1;
}

static tlk_int cgroup_cpus(void) { return 0; }

#endif

tlk_int tlk_usable_cpus(void) {
  tlk_int cpus = affinity_cpus();
  tlk_int quota = cgroup_cpus();
  if (quota > 0 && quota < cpus) cpus = quota;
  const char *wanted = getenv("TENSORLOGIC_THREADS");
  if (wanted && *wanted) {
    char *end;
    long value = strtol(wanted, &end, 10);
    if (*end == 0 && value >= 1 && value <= 256) cpus = value;
  }
  return cpus;
}
