/* Commands: see command.h. */
#include "commands/command.h"
#include "commands/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { SIGNALS = 64 };

/* Node makes the descriptors that it was given close-on-exec. */
static void pass_on_descriptors(const int *descriptors, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int flags = fcntl(descriptors[i], F_GETFD);
    if (flags >= 0) fcntl(descriptors[i], F_SETFD, flags & ~FD_CLOEXEC);
  }
}

/* ---- running -------------------------------------------------------------------- */

/* Starts a program as execvp does: a shell runs a script whose first line does not say what it is run
 * by. */
static int start_at(const char *path, char *const argv[], pid_t *pid,
                    const posix_spawnattr_t *attributes) {
  int number = posix_spawn(pid, path, NULL, attributes, argv, environ);
  if (number != ENOEXEC) return number;
  int count = 0;
  while (argv[count] != NULL) count++;
  char **all = calloc((size_t)count + 2, sizeof *all);
  if (all == NULL) return ENOMEM;
  memcpy(all + 1, argv, (size_t)count * sizeof *all);
  all[0] = "/bin/sh";
  all[1] = (char *)path;
  number = posix_spawn(pid, all[0], NULL, attributes, all, environ);
  free(all);
  return number;
}

/* Not posix_spawnp, whose shell is given the bare name of a script that was found in $PATH. */
static int start_in_path(char *const argv[], pid_t *pid, const posix_spawnattr_t *attributes) {
  if (argv[0][0] == '\0') return ENOENT;
  if (strlen(argv[0]) >= PATH_MAX) return ENAMETOOLONG;
  if (strchr(argv[0], '/') != NULL) return start_at(argv[0], argv, pid, attributes);
  const char *directory = getenv("PATH");
  if (directory == NULL) directory = "/bin:/usr/bin";
  int answer = ENOENT;
  for (bool more = true; more;) {
    char path[PATH_MAX];
    size_t length = strcspn(directory, ":");
    int bytes = length == 0
                    ? snprintf(path, sizeof path, "./%s", argv[0])
                    : snprintf(path, sizeof path, "%.*s/%s", (int)length, directory, argv[0]);
    more = directory[length] != '\0';
    directory += length + 1;
    if (bytes >= (int)sizeof path) continue;
    int number = access(path, X_OK) == 0 ? start_at(path, argv, pid, attributes) : errno;
    if (number == EACCES)
      answer = EACCES; /* unless another one can be run; a directory, too */
    else if (number != ENOENT && number != ENOTDIR)
      return number;
  }
  return answer;
}

static int start(char *const argv[], pid_t *pid) {
  posix_spawnattr_t attributes;
  sigset_t all, none;
  sigfillset(&all); /* Node ignores SIGPIPE, which a command must not inherit */
  sigemptyset(&none);
  int number = posix_spawnattr_init(&attributes);
  if (number != 0) return number;
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  number = start_in_path(argv, pid, &attributes);
  posix_spawnattr_destroy(&attributes);
  return number;
}

static ipc_command_end reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return (ipc_command_end){.exit_code = -1, .signal = WTERMSIG(status)};
  return (ipc_command_end){.exit_code = WEXITSTATUS(status)};
}

bool ipc_command_run(const ipc_command *command, void (*started)(void *context, pid_t pid),
                     void *context, ipc_command_end *end, ipc_error *e) {
  pid_t pid;
  if (!ipc_signals_catch())
    return ipc_fail_errno(e, NULL, "pipe2", NULL, "run %.4000s", command->argv[0]);
  pass_on_descriptors(command->descriptors, command->descriptor_count);
  errno = start(command->argv, &pid);
  if (errno != 0) {
    ipc_fail_errno(e, NULL, "spawn", command->argv[0], "run %.4000s", command->argv[0]);
    ipc_signals_give_back();
    return false;
  }
  ipc_signals_let_through(pid);
  started(context, pid);
  ipc_signals_forward_until_end(pid);
  *end = reap(pid);
  ipc_signals_give_back();
  return true;
}

/* ---- becoming --------------------------------------------------------------------- */

void ipc_command_become(const ipc_command *command, ipc_error *e) {
  char *const *argv = command->argv;
  struct sigaction action = {.sa_handler = SIG_DFL}, ignored[SIGNALS + 1];
  sigset_t none, mask;
  sigemptyset(&none);
  for (int number = 1; number <= SIGNALS; number++) {
    sigaction(number, NULL, &ignored[number]);
    if (ignored[number].sa_handler == SIG_IGN) sigaction(number, &action, NULL);
  }
  pthread_sigmask(SIG_SETMASK, &none, &mask);
  pass_on_descriptors(command->descriptors, command->descriptor_count);
  execvp(argv[0], argv);
  int number = errno;
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  for (int n = 1; n <= SIGNALS; n++)
    if (ignored[n].sa_handler == SIG_IGN) sigaction(n, &ignored[n], NULL);
  errno = number;
  ipc_fail_errno(e, NULL, "exec", argv[0], "run %.4000s", argv[0]);
}
