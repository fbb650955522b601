/* The witness of signals.
 *
 * A signal that this process gets was sent to it alone, and then the command must be sent it, too;
 * or it was sent to the process group, and then the command has got it already. The kernel tells
 * the receiver nothing of this: `kill PID` and `kill -PGID` arrive with the same siginfo. So a
 * second process of ours sits in the group and does nothing: a signal that came to both of us went to
 * the group, and to the command that is in it.
 *
 * The witness blocks every signal and so keeps what it was sent until it is asked. Two steps make its
 * answer exact for a signal that this process has got already:
 *
 *   1. This process takes the kernel's lock on the list of tasks for writing (any setpgid does).
 *      A process that signals a group or all processes holds that lock for reading until the last of them
 *      has got the signal, so now the witness has got it, too.
 *   2. The witness takes what is pending for it, and answers; it need not be fast to be right.
 *
 * The witness has nothing else of ours: it closes its descriptors first of all, or it would be an heir
 * of the lock and keep pipes open that others read to their end. It is not called what this process is
 * called, because `pkill -f 'ipc run x'` must find this process alone. It ends when its pipe is
 * closed, so also when this process is killed.
 */
#include "commands/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436 /* one number on every CPU */
#endif

enum { PATIENCE_MS = 50, ALL_DESCRIPTORS = 65536 };

/* ---- in the witness -------------------------------------------------------------- */

static void close_from(unsigned first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (int fd = (int)first; fd < ALL_DESCRIPTORS; fd++) close(fd); /* before Linux 5.9 */
}

/* The command line lies between fields 48 and 49 of /proc/self/stat; the name, which may contain
 * anything, ends at the last parenthesis. */
static void rename_command_line(void) {
  char text[2048];
  int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (length <= 0) return;
  text[length] = '\0';
  const char *at = strrchr(text, ')');
  for (int field = 2; at != NULL && field < 48; field++) at = strchr(at + 1, ' ');
  if (at == NULL) return;
  char *end;
  uintptr_t begins = strtoul(at, &end, 10), ends = strtoul(end, NULL, 10);
  static const char name[] = "signal-witness";
  if (begins == 0 || ends < begins + sizeof name) return;
  memset((char *)begins, 0, ends - begins); /* a copy of our own: this is after fork */
  memcpy((char *)begins, name, sizeof name);
}

static void take_pending(ipc_testimony *testimony, pid_t parent) {
  sigset_t all;
  siginfo_t info;
  sigfillset(&all);
  while (sigtimedwait(&all, &info, &(struct timespec){0}) > 0) {
    bool is_ours = info.si_code == SI_USER && info.si_pid == parent; /* see ipc_ask_witness */
    if (!is_ours && info.si_signo <= IPC_SIGNALS) testimony->of[info.si_signo]++;
  }
}

static _Noreturn void testify(int question, int answer, pid_t parent) {
  if (dup2(question, 0) < 0 || dup2(answer, 1) < 0) _exit(1);
  close_from(2);
  prctl(PR_SET_NAME, "signal-witness");
  rename_command_line();
  for (char byte;;) {
    ssize_t length = read(0, &byte, 1);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) _exit(0);
    ipc_testimony testimony = {0};
    take_pending(&testimony, parent);
    if (write(1, &testimony, sizeof testimony) != sizeof testimony) _exit(1);
  }
}

/* ---- in this process ---------------------------------------------------------------- */

static bool pipes(int question[2], int answer[2]) {
  if (pipe2(question, O_CLOEXEC) != 0) return false;
  /* Else the witness, whose ends become 0 and 1, could lose one of them to the other. */
  if (question[0] > 2 && pipe2(answer, O_CLOEXEC) == 0) return true;
  close(question[0]);
  close(question[1]);
  return false;
}

void ipc_call_witness(ipc_witness *witness) {
  int question[2], answer[2];
  *witness = (ipc_witness){.pid = 0};
  if (!pipes(question, answer)) return;
  sigset_t all, mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  pid_t parent = getpid(), pid = fork();
  if (pid == 0) testify(question[0], answer[1], parent);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  close(question[0]);
  close(answer[1]);
  *witness = (ipc_witness){.pid = pid, .question = question[1], .answer = answer[0]};
  ipc_testimony nothing_yet;
  if (pid > 0)
    ipc_ask_witness(witness, &nothing_yet); /* from here on it has no descriptor of ours */
  else {
    witness->pid = 1;
    ipc_dismiss_witness(witness);
  }
}

static bool read_testimony(const ipc_witness *witness, ipc_testimony *testimony) {
  struct pollfd answered = {.fd = witness->answer, .events = POLLIN};
  for (;;) {
    int ready = poll(&answered, 1, PATIENCE_MS);
    if (ready == 0) kill(witness->pid, SIGCONT); /* the group was stopped, and only we continued */
    if (ready <= 0) continue;
    ssize_t length = read(witness->answer, testimony, sizeof *testimony);
    if (length < 0 && errno == EINTR) continue;
    return length == (ssize_t)sizeof *testimony;
  }
}

/* There is no such group, so nothing changes; the kernel takes the lock before it looks. */
static void let_every_sender_finish(void) { setpgid(0, INT_MAX); }

bool ipc_ask_witness(ipc_witness *witness, ipc_testimony *testimony) {
  if (witness->pid == 0) return false;
  let_every_sender_finish();
  ssize_t written;
  while ((written = write(witness->question, "?", 1)) < 0 && errno == EINTR) {
  }
  if (written == 1 && read_testimony(witness, testimony)) return true;
  ipc_dismiss_witness(witness); /* somebody killed it */
  return false;
}

void ipc_dismiss_witness(ipc_witness *witness) {
  if (witness->pid == 0) return;
  close(witness->question);
  close(witness->answer);
  if (witness->pid > 1) {
    kill(witness->pid, SIGKILL); /* it may be stopped */
    while (waitpid(witness->pid, NULL, 0) < 0 && errno == EINTR) {
    }
  }
  witness->pid = 0;
}
