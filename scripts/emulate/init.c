// The emulated machine's only program beside the tests: runs each line of /commands, prints how it ended, and switches the machine off.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define ARGUMENTS 32
#define IGNORE_VERSIONS 3  // MODULE_INIT_IGNORE_MODVERSIONS | MODULE_INIT_IGNORE_VERMAGIC
#define BOCHS_SHUTDOWN_PORT 0x8900

static int run(char *line) {
  char *arguments[ARGUMENTS + 1] = {0}, *rest = NULL;
  int count = 0;
  for (char *word = strtok_r(line, " \n", &rest); word && count < ARGUMENTS; word = strtok_r(NULL, " \n", &rest)) arguments[count++] = word;
  pid_t child = fork();
  if (child == 0) {
    // Linux does not save tile registers here (see tiles.c), so no thread may lose the CPU inside of a kernel: first in, first out.
    struct sched_param priority = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0) perror("SCHED_FIFO");
    setenv("TENSORLOGIC_THREADS", "3", 1);
    execv(arguments[0], arguments);
    perror(arguments[0]);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(void) {
  mkdir("/proc", 0755);
  mount("proc", "/proc", "proc", 0, 0);
  int module = open("/tiles.ko", O_RDONLY);
  if (module < 0 || syscall(SYS_finit_module, module, "", IGNORE_VERSIONS) != 0) perror("tiles.ko");
  FILE *commands = fopen("/commands", "r");
  char line[1024];
  while (commands && fgets(line, sizeof line, commands)) {
    int code = run(line);
    printf("exit %d\n", code);
    fflush(stdout);
  }
  tcdrain(STDOUT_FILENO);
  usleep(200000);
  if (ioperm(BOCHS_SHUTDOWN_PORT, 1, 1) == 0)
    for (const char *c = "Shutdown"; *c; c++) outb((unsigned char)*c, BOCHS_SHUTDOWN_PORT);
  return reboot(RB_POWER_OFF);
}
