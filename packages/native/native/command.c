/* Commands: see command.h. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* one number on every CPU */
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

extern char **environ;

enum { SIGNALS = 64 };

/* ---- passing signals on ------------------------------------------------------- */

/* Any thread of this process may run the handler, at any time: also before the command
 * is there, and while it is being waited for. So a signal is first noted, then sent by
 * whoever sees a target; the target is a pidfd and never somebody else's number. Before
 * Linux 5.3 it is the number of a child that is not reaped yet, negated. */
enum { NOBODY = INT_MIN };
static _Atomic uint64_t noted;
static atomic_int target = NOBODY;

static void send(int number, siginfo_t *info) {
  int to = atomic_load(&target);
  if (to >= 0) syscall(SYS_pidfd_send_signal, to, number, info, 0);
  else if (to != NOBODY && info == NULL) kill(-to, number);
  else if (to != NOBODY) syscall(SYS_rt_sigqueueinfo, -to, number, info);
}

static void send_noted(void) {
  if (atomic_load(&target) == NOBODY) return;
  uint64_t these = atomic_exchange(&noted, 0);
  for (int number = 1; number <= SIGNALS; number++)
    if (these & (UINT64_C(1) << (number - 1))) send(number, NULL);
}

static bool is_from_terminal(int number, const siginfo_t *info) {
  bool may_be = number == SIGINT || number == SIGQUIT || number == SIGHUP || number == SIGWINCH ||
                number == SIGCONT;
  return may_be && info->si_code == SI_KERNEL;
}

static void pass_on(int number, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  if (!is_from_terminal(number, info)) {
    bool has_value = info->si_code == SI_QUEUE && atomic_load(&target) != NOBODY;
    if (has_value) send(number, info); /* each one, in order */
    else {
      atomic_fetch_or(&noted, UINT64_C(1) << (number - 1));
      send_noted();
    }
  }
  errno = saved;
}

/* What somebody may send on purpose. Stopping stops both by the terminal, or one only. */
static bool is_passed_on(int number) {
  switch (number) {
    case SIGHUP: case SIGINT: case SIGQUIT: case SIGUSR1: case SIGUSR2: case SIGALRM: case SIGTERM:
    case SIGCONT: case SIGWINCH: case SIGVTALRM: case SIGPWR:
      return true;
    default:
      return number >= SIGRTMIN && number <= SIGRTMAX;
  }
}

static struct sigaction before[SIGNALS + 1];

static void catch_all(void) {
  struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigfillset(&action.sa_mask);
  for (int number = 1; number <= SIGNALS; number++)
    if (is_passed_on(number)) sigaction(number, &action, &before[number]);
}

static void give_back_all(void) {
  for (int number = 1; number <= SIGNALS; number++)
    if (is_passed_on(number)) sigaction(number, &before[number], NULL);
}

/* Node makes all descriptors that it was given close-on-exec. */
static void pass_on_stdio(void) {
  for (int fd = 0; fd <= 2; fd++) {
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
  }
}

/* ---- running -------------------------------------------------------------------- */

/* As execvp does it: a script without a first line that says by what is run by a shell. */
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
  if (strchr(argv[0], '/') != NULL) return start_at(argv[0], argv, pid, attributes);
  const char *directory = getenv("PATH");
  if (directory == NULL) directory = "/bin:/usr/bin";
  int answer = ENOENT;
  for (bool more = true; more;) {
    char path[PATH_MAX];
    size_t length = strcspn(directory, ":");
    int bytes = length == 0 ? snprintf(path, sizeof path, "./%s", argv[0])
                            : snprintf(path, sizeof path, "%.*s/%s", (int)length, directory, argv[0]);
    more = directory[length] != '\0';
    directory += length + 1;
    if (bytes >= (int)sizeof path) continue;
    int number = access(path, X_OK) == 0 ? start_at(path, argv, pid, attributes) : errno;
    if (number == EACCES) answer = EACCES; /* unless another one can be run; a directory, too */
    else if (number != ENOENT && number != ENOTDIR) return number;
  }
  return answer;
}

static int start(char *const argv[], pid_t *pid) {
  posix_spawnattr_t attributes;
  sigset_t all, none;
  sigfillset(&all); /* Node ignores SIGPIPE, which a command must not inherit */
  sigemptyset(&none);
  pass_on_stdio();
  int number = posix_spawnattr_init(&attributes);
  if (number != 0) return number;
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  number = start_in_path(argv, pid, &attributes);
  posix_spawnattr_destroy(&attributes);
  return number;
}

/* It is still ours to signal when this returns: not reaped yet. */
static void wait_for(pid_t pid) {
  siginfo_t ended;
  while (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
}

static ipc_command_end reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return (ipc_command_end){.exit_code = -1, .signal = WTERMSIG(status)};
  return (ipc_command_end){.exit_code = WEXITSTATUS(status)};
}

bool ipc_command_run(char *const argv[], void (*started)(void *context, pid_t pid), void *context,
                     ipc_command_end *end, ipc_error *e) {
  pid_t pid;
  atomic_store(&noted, 0);
  catch_all();
  errno = start(argv, &pid);
  if (errno != 0) {
    give_back_all();
    return ipc_fail_errno(e, NULL, "spawn", argv[0], "run %.4000s", argv[0]);
  }
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  atomic_store(&target, fd >= 0 ? fd : -pid);
  send_noted();
  started(context, pid);
  wait_for(pid);
  atomic_store(&target, NOBODY);
  *end = reap(pid);
  give_back_all();
  return true;
}

/* ---- becoming --------------------------------------------------------------------- */

void ipc_command_become(char *const argv[], ipc_error *e) {
  struct sigaction action = {.sa_handler = SIG_DFL}, ignored[SIGNALS + 1];
  sigset_t none, mask;
  sigemptyset(&none);
  for (int number = 1; number <= SIGNALS; number++) {
    sigaction(number, NULL, &ignored[number]);
    if (ignored[number].sa_handler == SIG_IGN) sigaction(number, &action, NULL);
  }
  pthread_sigmask(SIG_SETMASK, &none, &mask);
  pass_on_stdio();
  execvp(argv[0], argv);
  int number = errno;
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  for (int n = 1; n <= SIGNALS; n++)
    if (ignored[n].sa_handler == SIG_IGN) sigaction(n, &ignored[n], NULL);
  errno = number;
  ipc_fail_errno(e, NULL, "exec", argv[0], "run %.4000s", argv[0]);
}
