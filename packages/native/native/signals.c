/* The handler, and what the kernel is told about signals. */
#include "signals.h"
#include "libc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sent to a thread to make it block what it must. Its default action is to do nothing, so one that
 * comes late does no harm. */
enum { CARRIER = SIGURG, EVICT_CODE = -7171 };

/* The code of a signal that another thread hands on: the kernel lets nobody send the codes of
 * `kill` and its own (from 0 on, and SI_TKILL) to another thread, so all are moved out of their way. */
enum { HANDED_ON = -8000, HANDED_ON_LAST = HANDED_ON + 1000, MIDDLE_CODE = HANDED_ON + 500 };

enum { THROTTLE_AT = IPC_SIGNAL_RECORDS - 64 }; /* room for those that are let through meanwhile */

static const uint64_t EVICTION_NS = 20 * 1000 * 1000;

ipc_signal_ring ipc_signals;
static int pipe_ends[2] = {-1, -1}; /* both stay open: a late handler must not meet another's file */

static pthread_t main_thread;
static pid_t main_tid;
static atomic_bool started;

static struct sigaction node[IPC_SIGNALS + 1];    /* what Node has, while it is not in the kernel */
static struct sigaction initial[IPC_SIGNALS + 1]; /* as of the start */
static bool displacing[IPC_SIGNALS + 1];          /* the kernel has what we put there */
static atomic_bool caught[IPC_SIGNALS + 1];
/* libuv's handler for the signal, or NULL. All of libuv's are one plain function. */
static void (*_Atomic chained[IPC_SIGNALS + 1])(int);

static _Atomic ipc_signal_set evicted;
static ipc_signal_set masked;              /* what the main thread was told to block */
static _Atomic ipc_signal_set throttled;   /* blocked because the ring is nearly full */
static atomic_int evictions;

/*
 * What the main thread sleeps on. The kernel leaves a negative descriptor out, and answers at once for
 * one that is not open: so the handler can end a sleep that has not begun.
 *
 *   | the handler runs               | the sleeper                                               |
 *   |--------------------------------|-----------------------------------------------------------|
 *   | before fd = NOTHING            | sees the new sequence                                     |
 *   | from there to the system call  | passes NOT_OPEN, so poll returns                          |
 *   | in the system call             | gets EINTR: after a handler poll is never begun anew,     |
 *   |                                | whatever SA_RESTART says                                  |
 *
 * A futex would look at the sequence itself, but has to be given a deadline, or it begins anew after a
 * handler: that costs as much again as a tenth of a sleep and a wake.
 */
static struct pollfd bed;
enum { NOTHING = -1, NOT_OPEN = INT_MAX };

static const double LONGEST_MS = 1e12; /* longer is for ever */

static void make_bed(int fd) { *(volatile int *)&bed.fd = fd; }

static ipc_signal_set bit(int number) { return (ipc_signal_set)1 << (number - 1); }

static ipc_signal_set set_of(const sigset_t *signals) {
  ipc_signal_set set = 0;
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (sigismember(signals, number) == 1) set |= bit(number);
  return set;
}

static sigset_t signals_of(ipc_signal_set set) {
  sigset_t signals;
  sigemptyset(&signals);
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (set & bit(number)) sigaddset(&signals, number); /* refuses the two that belong to libc */
  return signals;
}

/* ---- in the handler ----------------------------------------------------------------
 *
 * Async-signal-safe: lock-free atomics, write(2), sigaddset and raw system calls, nothing that
 * takes a lock or allocates. It runs with all signals blocked, so it is never nested in a thread;
 * errno is saved. The one thing that is not ours is libuv's handler, which is written to be safe. */

/* On one thread, what a handler does and what it interrupts are in order without locked instructions. */
#define LOAD(word) atomic_load_explicit(&(word), memory_order_relaxed)
#define STORE(word, value) atomic_store_explicit(&(word), value, memory_order_relaxed)

static void block_here(ucontext_t *context, ipc_signal_set set) {
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (set & bit(number)) sigaddset(&context->uc_sigmask, number);
}

static int code_of(const siginfo_t *info) {
  int code = info->si_code;
  return code >= HANDED_ON && code < HANDED_ON_LAST ? code - MIDDLE_CODE : code;
}

/* A thread that is younger than the last eviction has got what is for the main thread. */
static void hand_on(int number, const siginfo_t *info, ucontext_t *context) {
  block_here(context, atomic_load(&evicted));
  siginfo_t copy = *info;
  copy.si_code = MIDDLE_CODE + info->si_code;
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), main_tid, number, &copy) != 0)
    atomic_fetch_add(&ipc_signals.lost, 1); /* the queue of real-time signals is full */
}

static void record(int number, const siginfo_t *info, bool chain) {
  uint32_t tail = LOAD(ipc_signals.tail);
  if (tail - LOAD(ipc_signals.head) == IPC_SIGNAL_RECORDS) {
    atomic_fetch_add(&ipc_signals.lost, 1);
    return;
  }
  int code = code_of(info);
  bool timer = code == SI_TIMER; /* then these fields are those of a timer */
  ipc_signals.record[tail % IPC_SIGNAL_RECORDS] = (ipc_signal_record){
      .number = number,
      .code = code,
      .pid = timer ? 0 : info->si_pid,
      .uid = timer ? 0 : (int32_t)info->si_uid,
      /* kill() has no value; for SIGCHLD it is the status, which lies in the same place */
      .value = code == SI_USER || code == SI_TKILL ? 0 : info->si_value.sival_int,
      .overrun = timer ? info->si_overrun : 0,
      .chained = chain,
  };
  STORE(ipc_signals.tail, tail + 1);
}

/* Nobody reads: from here on the kernel keeps what comes, merges what is standard, and tells senders
 * of real-time signals when its queue is full. */
static void throttle(ucontext_t *context) {
  if (LOAD(ipc_signals.tail) - LOAD(ipc_signals.head) < THROTTLE_AT) return;
  ipc_signal_set set = 0;
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (atomic_load(&caught[number])) set |= bit(number);
  atomic_fetch_or(&throttled, set);
  atomic_store(&ipc_signals.throttling, 1);
  block_here(context, set);
}

static void ring_loop(void) {
  if (LOAD(ipc_signals.rung)) return;
  STORE(ipc_signals.rung, 1);
  ssize_t written = write(pipe_ends[1], "", 1);
  (void)written; /* the pipe holds one byte at most */
}

static void on_signal(int number, siginfo_t *info, void *context) {
  int saved = errno;
  if (number == CARRIER && info->si_code == EVICT_CODE) {
    block_here(context, atomic_load(&evicted));
    atomic_fetch_add(&evictions, 1);
  } else if (!pthread_equal(pthread_self(), main_thread)) {
    hand_on(number, info, context);
  } else {
    void (*chain)(int) = atomic_load(&chained[number]);
    if (atomic_load(&caught[number])) {
      record(number, info, chain != NULL);
      throttle(context);
      /* Whoever sleeps on this word is this thread, and its sleep ends with this handler, or starts
       * anew and finds the word changed: nobody needs to be woken. */
      STORE(ipc_signal_sequence, (int32_t)((uint32_t)LOAD(ipc_signal_sequence) + 1));
      make_bed(NOT_OPEN);
      ring_loop();
    }
    if (chain != NULL) chain(number);
  }
  errno = saved;
}

/* ---- dispositions ------------------------------------------------------------------- */

static bool is_ours(const struct sigaction *action) {
  return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == on_signal;
}

static bool is_function(const struct sigaction *action) {
  return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* What Node had before its first listener, where that cannot be seen any more. */
static struct sigaction before_listeners(int number) {
  bool ignored = number == SIGPIPE || number == SIGXFSZ;
  return (struct sigaction){.sa_handler = ignored ? SIG_IGN : SIG_DFL};
}

int ipc_signals_start(ipc_signal_set listened, ipc_error *e) {
  if (!atomic_load(&started)) {
    if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) {
      ipc_fail_errno(e, NULL, "pipe2", NULL, "receive signals");
      return -1;
    }
    main_thread = pthread_self();
    main_tid = ipc_gettid();
    for (int number = 1; number <= IPC_SIGNALS; number++)
      if (listened & bit(number))
        initial[number] = before_listeners(number);
      else
        sigaction(number, NULL, &initial[number]);
    atomic_store(&started, true);
  }
  int end = fcntl(pipe_ends[0], F_DUPFD_CLOEXEC, 0);
  if (end < 0) ipc_fail_errno(e, NULL, "fcntl", NULL, "receive signals");
  return end;
}

static bool apply(int number, const struct sigaction *action, ipc_error *e) {
  struct sigaction before;
  if (sigaction(number, action, &before) != 0)
    return ipc_fail_errno(e, NULL, "sigaction", NULL, "set the disposition of signal %d", number);
  if (!displacing[number]) node[number] = before;
  displacing[number] = true;
  return true;
}

bool ipc_signal_catch(int number, bool chain, ipc_error *e) {
  struct sigaction ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
  sigfillset(&ours.sa_mask);
  atomic_store(&caught[number], true);
  if (!displacing[number]) { /* `chained` must be right when the handler first runs */
    struct sigaction now;
    if (sigaction(number, NULL, &now) == 0) node[number] = now;
  }
  bool callable = chain && is_function(&node[number]) && !(node[number].sa_flags & SA_SIGINFO);
  atomic_store(&chained[number], callable ? node[number].sa_handler : NULL);
  return apply(number, &ours, e);
}

bool ipc_signal_assign(int number, bool ignore, ipc_error *e) {
  struct sigaction action = {.sa_handler = ignore ? SIG_IGN : SIG_DFL};
  bool ok = apply(number, &action, e);
  atomic_store(&caught[number], false);
  atomic_store(&chained[number], NULL);
  return ok;
}

bool ipc_signal_give_back(int number, ipc_error *e) {
  if (!displacing[number]) return true;
  if (sigaction(number, &node[number], NULL) != 0)
    return ipc_fail_errno(e, NULL, "sigaction", NULL, "give signal %d back", number);
  displacing[number] = false;
  atomic_store(&caught[number], false);
  atomic_store(&chained[number], NULL);
  return true;
}

bool ipc_signal_displaced(int number, bool back, ipc_error *e) {
  struct sigaction now;
  if (sigaction(number, NULL, &now) != 0)
    return ipc_fail_errno(e, NULL, "sigaction", NULL, "read the disposition of signal %d", number);
  if (is_ours(&now)) return true; /* libuv did nothing: it had other listeners */
  node[number] = back ? initial[number] : now;
  atomic_store(&chained[number], NULL);
  displacing[number] = true; /* nothing there is Node's that `node` does not have */
  return true;
}

ipc_disposition ipc_signal_disposition(int number) {
  struct sigaction now = node[number];
  if (!displacing[number]) sigaction(number, NULL, &now);
  if (is_function(&now)) return IPC_SIGNAL_FUNCTION;
  return now.sa_handler == SIG_IGN ? IPC_SIGNAL_IGNORED : IPC_SIGNAL_DEFAULT;
}

/* ---- deliveries ------------------------------------------------------------------------ */

void ipc_signals_release(void) {
  atomic_store(&ipc_signals.throttling, 0);
  ipc_signal_set set = atomic_exchange(&throttled, 0) & ~masked;
  sigset_t signals = signals_of(set);
  pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

void ipc_signals_sleep(int32_t sequence, double timeout_ms) {
  make_bed(NOTHING);
  atomic_signal_fence(memory_order_seq_cst);
  if (atomic_load(&ipc_signal_sequence) != sequence || !(timeout_ms > 0)) return;
  if (timeout_ms > LONGEST_MS) { /* a deadline that is far away costs as much as a near one */
    syscall(SYS_ppoll, &bed, 1, NULL, NULL, 0);
    return;
  }
  uint64_t ns = (uint64_t)(timeout_ms * 1e6);
  struct timespec timeout = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
  syscall(SYS_ppoll, &bed, 1, &timeout, NULL, 0);
}

/* ---- masks --------------------------------------------------------------------------------- */

ipc_signal_set ipc_signals_mask(int how, ipc_signal_set set) {
  sigset_t signals = signals_of(set), before;
  if (how == SIG_BLOCK)
    masked |= set;
  else if (how == SIG_UNBLOCK)
    masked &= ~set;
  else
    masked = set;
  pthread_sigmask(how, &signals, &before);
  return set_of(&before);
}

ipc_signal_set ipc_signals_pending(void) {
  sigset_t pending;
  sigpending(&pending);
  return set_of(&pending);
}

/* Of what /proc prints. strtoull and sscanf would do, but newer headers of glibc give them names
 * that only it has. */
static uint64_t number_in(const char *text, unsigned base) {
  static const char digits[] = "0123456789abcdef";
  uint64_t number = 0;
  for (text += strspn(text, " \t"); *text != '\0'; text++) {
    const char *digit = strchr(digits, *text);
    if (digit == NULL || digit - digits >= base) break;
    number = number * base + (uint64_t)(digit - digits);
  }
  return number;
}

static bool blocked_in(pid_t tid, ipc_signal_set *blocked) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)tid);
  FILE *status = fopen(path, "re");
  if (status == NULL) return false; /* it has ended */
  bool found = false;
  while (!found && fgets(line, sizeof line, status) != NULL)
    found = strncmp(line, "SigBlk:", 7) == 0;
  fclose(status);
  if (found) *blocked = number_in(line + 7, 16);
  return found;
}

/* Asks every other thread that does not block all of them; returns how many it asked. */
static int ask_threads(ipc_signal_set set) {
  DIR *tasks = opendir("/proc/self/task");
  if (tasks == NULL) return 0;
  int asked = 0;
  for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
    pid_t tid = (pid_t)number_in(task->d_name, 10);
    ipc_signal_set blocked;
    if (tid == 0 || tid == main_tid || !blocked_in(tid, &blocked)) continue;
    if ((blocked & set) == set || (blocked & bit(CARRIER))) continue;
    siginfo_t info = {.si_signo = CARRIER, .si_code = EVICT_CODE};
    asked += syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, CARRIER, &info) == 0;
  }
  closedir(tasks);
  return asked;
}

void ipc_signals_evict(ipc_signal_set set) {
  set &= ~bit(CARRIER);
  atomic_fetch_or(&evicted, set);
  /* While it carries, its own deliveries go on to whom they are for. */
  struct sigaction carrier = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
  struct sigaction before;
  sigfillset(&carrier.sa_mask);
  sigaction(CARRIER, NULL, &before);
  if (!is_ours(&before)) {
    atomic_store(&chained[CARRIER],
                 is_function(&before) && !(before.sa_flags & SA_SIGINFO) ? before.sa_handler : NULL);
    sigaction(CARRIER, &carrier, NULL);
  }
  int answers = atomic_load(&evictions);
  answers += ask_threads(set);
  /* A thread that was asked handles that before any other signal, so nobody needs to wait for it,
   * unless a default action is about to become possible: the kernel kills for a thread that does
   * not block yet. */
  uint64_t deadline = ipc_now_ns() + EVICTION_NS;
  while (atomic_load(&evictions) - answers < 0 && ipc_now_ns() < deadline) sched_yield();
  if (!is_ours(&before)) {
    sigaction(CARRIER, &before, NULL);
    atomic_store(&chained[CARRIER], NULL);
  }
}
