/* Decides which signals we send to a command, so that it gets each exactly once.
 *
 *   the signal comes from          it went to          the command is
 *   the kernel, a process (kill)   this process        sent it
 *   the kernel, a process (kill)   our process group   left alone: it has it; but sent it if it is in
 *                                                      another group, as timeout(1) and setsid(1) are
 *   a process (kill)               all, one by one     left alone: see below
 *   sigqueue, tgkill, a timer      this process        sent it at once, with its value: these calls
 *                                                      know no groups
 *   the command itself             this process        left alone: it told its parent something
 *
 * witness.c tells the first row from the second. The kernel signals the session leader alone when the
 * terminal is closed, and the foreground group for Ctrl-C.
 *
 * The third row is a program that goes through a list and signals each process in it, as systemd
 * does with a control group, pkill -s with a session, or timeout(1), which signals its child and then
 * the group. This process may be the first in the list. So a signal that has come to this process
 * alone is held back until its sender sleeps or has ended, and for HOLD_MS at least; if the witness
 * gets it meanwhile, so does the command. It is not held back when getting it twice does no harm: when
 * the command has no handler and does not block it. Nobody can tell whether the command has got it
 * when the list names this process and the command, and not the witness (`kill A B`): then it gets it twice.
 *
 * A signal that comes before the command is there is sent to it when it is. A signal that comes while
 * the command is being started may have gone to one or to both, and is sent: two of them within a
 * millisecond, to a program that has not begun, do nothing that one would not.
 */
#include "commands/forward.h"
#include "commands/witness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 5, HOLD_MS = 30, HOLD_AT_MOST_MS = 500, MOST_HELD = 256 };

/* ---- noting ------------------------------------------------------------------------- */

/* Any thread may run the handler. The pipe keeps the order; it is never closed, because another
 * thread may be in the handler whenever that would be. */
static int notes[2] = {-1, -1};
static _Atomic uint64_t noted_beside; /* when the pipe is full: by number only */

static uint64_t bit(int number) { return UINT64_C(1) << (number - 1); }

static void note(int number, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  if (write(notes[1], info, sizeof *info) != sizeof *info)
    atomic_fetch_or(&noted_beside, bit(number));
  errno = saved;
}

/* Whether somebody may send the signal on purpose. Signals that stop are not passed on: the terminal
 * sends them to both, and others may mean one only. */
static bool is_passed_on(int number) {
  switch (number) {
  case SIGHUP:
  case SIGINT:
  case SIGQUIT:
  case SIGUSR1:
  case SIGUSR2:
  case SIGALRM:
  case SIGTERM:
  case SIGCONT:
  case SIGWINCH:
  case SIGVTALRM:
  case SIGPROF:
  case SIGIO:
  case SIGPWR:
  case SIGSTKFLT: return true;
  default: return number >= SIGRTMIN && number <= SIGRTMAX;
  }
}

static bool is_caught(int number) { return number == SIGCHLD || is_passed_on(number); }

static struct sigaction before[IPC_SIGNALS + 1];
static sigset_t mask_before;
static ipc_witness witness;

bool ipc_signals_catch(void) {
  if (notes[0] < 0 && pipe2(notes, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  ipc_call_witness(&witness);
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigset_t caught;
  sigfillset(&action.sa_mask);
  sigemptyset(&caught);
  for (int number = 1; number <= IPC_SIGNALS; number++) {
    if (!is_caught(number)) continue;
    sigaddset(&caught, number);
    sigaction(number, &action, &before[number]);
  }
  pthread_sigmask(SIG_UNBLOCK, &caught, &mask_before);
  return true;
}

void ipc_signals_give_back(void) {
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (is_caught(number)) sigaction(number, &before[number], NULL);
  pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
  ipc_dismiss_witness(&witness);
}

static bool next_note(siginfo_t *info) {
  if (read(notes[0], info, sizeof *info) == sizeof *info) return true;
  uint64_t beside = atomic_load(&noted_beside);
  if (beside == 0) return false;
  *info = (siginfo_t){.si_signo = 1 + __builtin_ctzll(beside), .si_code = SI_USER};
  atomic_fetch_and(&noted_beside, ~bit(info->si_signo));
  return true;
}

/* ---- the command ------------------------------------------------------------------------ */

/* It is not reaped before we have returned, so its number is its own. */
static void send(pid_t command, siginfo_t *info) {
  if (info->si_code == SI_QUEUE)
    syscall(SYS_rt_sigqueueinfo, command, info->si_signo, info);
  else
    kill(command, info->si_signo);
}

static bool has_ended(pid_t command) {
  siginfo_t ended = {0};
  while (waitid(P_PID, (id_t)command, &ended, WEXITED | WNOWAIT | WNOHANG) != 0)
    if (errno != EINTR) return true;
  return ended.si_pid == command;
}

static bool read_all(pid_t pid, const char *name, char *text, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, size - 1);
  close(fd);
  text[length < 0 ? 0 : length] = '\0';
  return length > 0;
}

static uint64_t set_of(const char *status, const char *label) {
  const char *at = strstr(status, label);
  return at == NULL ? ~UINT64_C(0) : strtoull(at + strlen(label), NULL, 16);
}

/* Whether the command takes the signal: by a handler, or by sigwait or a signalfd. If nobody may know,
 * yes. */
static bool takes(pid_t command, int number) {
  char status[4096];
  if (!read_all(command, "status", status, sizeof status)) return true;
  return ((set_of(status, "\nSigCgt:") | set_of(status, "\nSigBlk:")) & bit(number)) != 0;
}

static bool is_in_our_group(pid_t command) { return getpgid(command) == getpgrp(); }

/* ---- deciding ----------------------------------------------------------------------------- */

typedef struct {
  siginfo_t info;
  int64_t since;
} held_signal;

typedef struct {
  uint32_t count;
  int64_t since;
} mark; /* the witness got it, and we have not, yet */

static held_signal held[MOST_HELD];
static int held_count;
static mark marks[IPC_SIGNALS + 1];

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_from_a_process(const siginfo_t *info) { return info->si_code == SI_USER; }

static bool is_thread_running(pid_t process, const char *thread) {
  char name[32], stat[512];
  snprintf(name, sizeof name, "task/%.10s/stat", thread);
  if (!read_all(process, name, stat, sizeof stat)) return false;
  const char *name_ends = strrchr(stat, ')');
  return name_ends != NULL && strchr("RD", name_ends[2]) != NULL;
}

/* Whether any thread of the sender runs: the one that signals may wait for another, as in a garbage
 * collection. A sender in another pid namespace has the number 0, and nobody knows. */
static bool is_running(pid_t sender) {
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/task", sender);
  DIR *threads = sender == 0 ? NULL : opendir(path);
  if (threads == NULL) return false;
  bool is = false;
  for (struct dirent *each; !is && (each = readdir(threads)) != NULL;)
    is = each->d_name[0] != '.' && is_thread_running(sender, each->d_name);
  closedir(threads);
  return is;
}

static bool may_still_come_to_all(const held_signal *signal, pid_t command) {
  int64_t waited = now_ms() - signal->since;
  if (!is_from_a_process(&signal->info) || witness.pid == 0 || waited >= HOLD_AT_MOST_MS)
    return false;
  if (!takes(command, signal->info.si_signo)) return false;
  return waited < HOLD_MS || is_running(signal->info.si_pid);
}

static void hear_witness(void) {
  ipc_testimony testimony;
  if (!ipc_ask_witness(&witness, &testimony)) return;
  int64_t now = now_ms();
  for (int number = 1; number <= IPC_SIGNALS; number++) {
    if (testimony.of[number] > 0)
      marks[number].since = now;
    else if (now - marks[number].since > HOLD_AT_MOST_MS)
      marks[number].count = 0;
    marks[number].count += testimony.of[number];
  }
}

/* Without a witness we know of the terminal's signals; but a hang-up may have gone to the session leader
 * alone. */
static bool went_to_group(const siginfo_t *info) {
  if (witness.pid != 0) return marks[info->si_signo].count > 0;
  int number = info->si_signo;
  bool is_leader = getsid(0) == getpid();
  return info->si_code == SI_KERNEL &&
         (number == SIGINT || number == SIGQUIT || number == SIGWINCH ||
          ((number == SIGHUP || number == SIGCONT) && !is_leader));
}

static bool is_queued(int number) { return number >= SIGRTMIN; }

/* Signals that are not queued merge: one that came to us alone and then, at once, to all, is one. */
static bool is_same(const siginfo_t *one, const siginfo_t *other) {
  return one->si_signo == other->si_signo && !is_queued(one->si_signo);
}

static void drop_held(int at) {
  memmove(&held[at], &held[at + 1], (size_t)(--held_count - at) * sizeof *held);
}

static void settle(int at, bool is_sent, pid_t command) {
  siginfo_t info = held[at].info;
  drop_held(at);
  if (is_sent) send(command, &info);
}

static void settle_group_signal(int at, pid_t command) {
  siginfo_t info = held[at].info;
  mark *of = &marks[info.si_signo];
  if (witness.pid != 0) of->count = is_queued(info.si_signo) ? of->count - 1 : 0;
  settle(at, !is_in_our_group(command), command);
  for (int other = held_count - 1; other >= at; other--)
    if (is_same(&held[other].info, &info)) drop_held(other);
}

static bool is_behind_another(int at) {
  for (int earlier = 0; earlier < at; earlier++)
    if (held[earlier].info.si_signo == held[at].info.si_signo) return true;
  return false;
}

static void hold(const siginfo_t *info, pid_t command) {
  bool tells_its_parent = is_from_a_process(info) && info->si_pid == command;
  if (info->si_signo == SIGCHLD || tells_its_parent) return;
  if (held_count == MOST_HELD) settle(0, true, command);
  held[held_count++] = (held_signal){.info = *info, .since = now_ms()};
}

static void hold_noted(pid_t command) {
  siginfo_t info;
  while (next_note(&info)) hold(&info, command);
}

/* Judges the signals of one number in their order. A signal that the witness has got by now has come to
 * us, too, so it is noted first: a signal that came to us alone just before is then seen to be the same. */
static void judge_held(pid_t command) {
  if (held_count == 0) return;
  hear_witness();
  hold_noted(command);
  for (int at = 0; at < held_count;) {
    siginfo_t *info = &held[at].info;
    if (is_behind_another(at))
      at++;
    else if (info->si_code >= 0 && went_to_group(info))
      settle_group_signal(at, command);
    else if (may_still_come_to_all(&held[at], command))
      at++;
    else
      settle(at, true, command);
  }
}

/* ---- the command's life ------------------------------------------------------------------------ */

void ipc_signals_let_through(pid_t command) {
  siginfo_t info;
  held_count = 0;
  while (next_note(&info))
    if (info.si_signo != SIGCHLD) send(command, &info);
  ipc_testimony of_before;
  ipc_ask_witness(&witness, &of_before);
  memset(marks, 0, sizeof marks);
}

void ipc_signals_forward_until_end(pid_t command) {
  struct pollfd noted = {.fd = notes[0], .events = POLLIN};
  while (!has_ended(command)) {
    poll(&noted, 1, held_count > 0 ? LOOK_MS : -1);
    hold_noted(command);
    judge_held(command);
  }
}

/* ---- waiting ------------------------------------------------------------------------------------- */

static void end_us(int number) { _exit(128 + number); }

static bool ends_by_default(int number) {
  return is_passed_on(number) && number != SIGCONT && number != SIGWINCH;
}

void ipc_signals_end_us(void) {
  struct sigaction action = {.sa_handler = getpid() == 1 ? end_us : SIG_DFL};
  sigemptyset(&action.sa_mask);
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (ends_by_default(number)) sigaction(number, &action, NULL);
}
