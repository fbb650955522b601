/* The handler, its records, and the main thread's sleep; signals.h says what it is all for. */
#include "signals/signals_internal.h"
#include "os/libc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The codes of signals that threads of this process send each other. Anybody may send them too: ours
 * carry the secret in si_errno, which is 0 otherwise. */
enum { EVICT_CODE = -7171 };
/* The kernel lets nobody send the codes of `kill` and its own (from 0 on, and SI_TKILL) to another
 * thread, so we move the codes of signals that are handed on out of their way. */
enum { HANDED_ON = -8000, HANDED_ON_LAST = HANDED_ON + 1000, MIDDLE_CODE = HANDED_ON + 500 };

enum { FIRST_REAL_TIME = 32 };

enum { THROTTLE_AT = IPC_SIGNAL_RECORDS - 64 }; /* room for those that are let through meanwhile */

ipc_signal_ring ipc_signals;
static int pipe_ends[2] = {-1,
                           -1}; /* both stay open: a late handler must not meet another's file */

static pthread_t main_thread;
pid_t ipc_main_tid;
static pid_t owner; /* the process */
static int secret;
static atomic_bool started;

_Atomic ipc_signal_set ipc_signals_caught, ipc_signals_masked;
_Atomic ipc_signal_set ipc_signals_shut_in, ipc_signals_throttled, ipc_signals_evicted;
void (*_Atomic ipc_signal_chained[IPC_SIGNALS + 1])(int);
atomic_int ipc_evictions;

/*
 * The main thread sleeps on this. The kernel leaves a negative descriptor out, and answers at once for
 * one that is not open: so the handler can end a sleep that has not begun.
 *
 *   | the handler runs               | the sleeper                                               |
 *   |--------------------------------|-----------------------------------------------------------|
 *   | before fd = NOTHING            | sees the new sequence                                     |
 *   | from there to the system call  | passes NOT_OPEN, so poll returns                          |
 *   | in the system call             | gets EINTR: after a handler poll is never begun anew,     |
 *   |                                | whatever SA_RESTART says                                  |
 *
 * A futex would check the sequence itself, but has to be given a deadline, or it begins anew after a
 * handler: that costs another tenth of a sleep and a wake.
 */
static struct pollfd bed;
enum { NOTHING = -1, NOT_OPEN = INT_MAX };

static const double LONGEST_MS = 1e12; /* longer is forever */

static void make_bed(int fd) { *(volatile int *)&bed.fd = fd; }

ipc_signal_set ipc_signal_set_of(const sigset_t *signals) {
  ipc_signal_set set = 0;
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (sigismember(signals, number) == 1) set |= ipc_signal_bit(number);
  return set;
}

sigset_t ipc_signals_of(ipc_signal_set set) {
  sigset_t signals;
  sigemptyset(&signals);
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (set & ipc_signal_bit(number)) sigaddset(&signals, number); /* refuses those of libc */
  return signals;
}

/* ---- in the handler ----------------------------------------------------------------
 *
 * Async-signal-safe: lock-free atomics, write(2), sigaddset, sigaction and raw system calls, nothing
 * that takes a lock or allocates. It runs with all signals blocked, so it is never nested in a thread;
 * errno is saved. The one thing that is not ours is Node's handler, which is written to be safe. */

/* On one thread, what a handler does and what it interrupts are in order without locked instructions. */
#define LOAD(word) atomic_load_explicit(&(word), memory_order_relaxed)
#define STORE(word, value) atomic_store_explicit(&(word), value, memory_order_relaxed)

typedef enum { ON_MAIN, ON_ANOTHER, IN_CHILD } place;

/* The thread of a vfork's child has the pthread_self of the thread that waits for it, so only the
 * kernel can tell. */
static place place_of(void) {
  pid_t tid = ipc_gettid();
  if (tid == ipc_main_tid && pthread_equal(pthread_self(), main_thread)) return ON_MAIN;
  return (pid_t)syscall(SYS_getpid) == owner ? ON_ANOTHER : IN_CHILD;
}

static void block_here(ucontext_t *context, ipc_signal_set set) {
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (set & ipc_signal_bit(number)) sigaddset(&context->uc_sigmask, number);
}

static bool is_handed_on(const siginfo_t *info) {
  return info->si_errno == secret && info->si_code >= HANDED_ON && info->si_code < HANDED_ON_LAST;
}

static bool is_eviction(int number, const siginfo_t *info) {
  return number == IPC_CARRIER && info->si_errno == secret && info->si_code == EVICT_CODE;
}

static int code_of(const siginfo_t *info) {
  return is_handed_on(info) ? info->si_code - MIDDLE_CODE : info->si_code;
}

bool ipc_send_carrier(pid_t tid) {
  siginfo_t info = {.si_signo = IPC_CARRIER, .si_code = EVICT_CODE, .si_errno = secret};
  return syscall(SYS_rt_tgsigqueueinfo, owner, tid, IPC_CARRIER, &info) == 0;
}

/*
 * A standard signal goes to the process, as it was sent: in the main thread's own queue it would merge
 * with one that this thread sends itself, and `raise` would return without a delivery of its own. The
 * others go to the main thread, whose queue comes before that of the process, where later ones are;
 * and so do those that it blocks, which another thread would only take again.
 */
static void hand_on(int number, const siginfo_t *info, ucontext_t *context) {
  ipc_signal_set bit = ipc_signal_bit(number);
  block_here(context, atomic_load(&ipc_signals_evicted) | (number == IPC_CARRIER ? 0 : bit));
  siginfo_t copy = *info;
  if (info->si_code > HANDED_ON - MIDDLE_CODE && info->si_code < HANDED_ON_LAST - MIDDLE_CODE) {
    copy.si_code = MIDDLE_CODE + info->si_code;
    copy.si_errno = secret;
  }
  bool shut = (atomic_load(&ipc_signals_shut_in) | atomic_load(&ipc_signals_throttled)) & bit;
  long failed = number < FIRST_REAL_TIME && !shut
                    ? syscall(SYS_rt_sigqueueinfo, owner, number, &copy)
                    : syscall(SYS_rt_tgsigqueueinfo, owner, ipc_main_tid, number, &copy);
  if (failed) atomic_fetch_add(&ipc_signals.lost, 1); /* the queue of real-time signals is full */
}

/* The child has dispositions of its own, though it shares our memory. */
static void leave_to_child(int number) {
  bool ignored = ipc_signal_of_node(number)->sa_handler == SIG_IGN;
  struct sigaction own = {.sa_handler = ignored ? SIG_IGN : SIG_DFL};
  sigaction(number, &own, NULL);
  syscall(SYS_tgkill, (pid_t)syscall(SYS_getpid), ipc_gettid(),
          number); /* comes when this returns */
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

/* Nobody reads the records: from here on the kernel keeps the signals that come, merges standard ones,
 * and tells senders of real-time signals when its queue is full. */
static void throttle(ucontext_t *context) {
  if (LOAD(ipc_signals.tail) - LOAD(ipc_signals.head) < THROTTLE_AT) return;
  ipc_signal_set set = atomic_load(&ipc_signals_caught) | atomic_load(&ipc_signals_masked);
  atomic_fetch_or(&ipc_signals_throttled, set);
  atomic_store(&ipc_signals.throttling, 1);
  block_here(context, set);
}

static void ring_loop(void) {
  if (LOAD(ipc_signals.rung)) return;
  STORE(ipc_signals.rung, 1);
  ssize_t written = write(pipe_ends[1], "", 1);
  (void)written; /* the pipe holds one byte at most */
}

static void take(int number, const siginfo_t *info, ucontext_t *context) {
  bool blocked = LOAD(ipc_signals_masked) & ipc_signal_bit(number);
  void (*chain)(int) = blocked ? NULL : LOAD(ipc_signal_chained[number]);
  record(number, info, chain != NULL);
  throttle(context);
  /* Only this thread sleeps on this word, and its sleep ends with this handler, or starts anew and finds
   * the word changed: nobody needs to be woken. */
  STORE(ipc_signal_sequence, (int32_t)((uint32_t)LOAD(ipc_signal_sequence) + 1));
  make_bed(NOT_OPEN);
  ring_loop();
  if (chain != NULL) chain(number);
}

/* Our handler is there only to carry. */
static void leave_carrier_to_node(siginfo_t *info, void *context) {
  const struct sigaction *other = ipc_signal_of_node(IPC_CARRIER);
  if (other->sa_handler == SIG_DFL || other->sa_handler == SIG_IGN) return;
  if (other->sa_flags & SA_SIGINFO)
    other->sa_sigaction(IPC_CARRIER, info, context);
  else
    other->sa_handler(IPC_CARRIER);
}

/* Somebody else has put our handler back, after we had taken it away. */
static void leave_to_node(int number) {
  sigaction(number, ipc_signal_of_node(number), NULL);
  syscall(SYS_tgkill, owner, ipc_main_tid, number);
}

void ipc_on_signal(int number, siginfo_t *info, void *context) {
  int saved = errno;
  ipc_signal_set wanted = atomic_load(&ipc_signals_caught) | atomic_load(&ipc_signals_masked);
  bool is_wanted = wanted & ipc_signal_bit(number);
  place here = place_of();
  if (here == IN_CHILD)
    leave_to_child(number);
  else if (here == ON_ANOTHER && is_eviction(number, info)) {
    block_here(context, atomic_load(&ipc_signals_evicted));
    atomic_fetch_add(&ipc_evictions, 1);
  } else if (!is_wanted && number == IPC_CARRIER)
    leave_carrier_to_node(info, context);
  else if (here == ON_ANOTHER)
    hand_on(number, info, context); /* to the disposition that there is by now */
  else if (is_wanted)
    take(number, info, context);
  else
    leave_to_node(number);
  errno = saved;
}

/* ---- deliveries ------------------------------------------------------------------------ */

static int make_secret(void) {
  int made = 0;
  if (syscall(SYS_getrandom, &made, sizeof made, 0) != sizeof made)
    made = (int)(ipc_now_ns() * 2654435761u);
  return made | 1; /* ordinary signals have 0 there */
}

int ipc_signals_start(ipc_signal_set listened, ipc_error *e) {
  if (!atomic_load(&started)) {
    if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) {
      ipc_fail_errno(e, NULL, "pipe2", NULL, "receive signals");
      return -1;
    }
    main_thread = pthread_self();
    ipc_main_tid = ipc_gettid();
    owner = (pid_t)syscall(SYS_getpid);
    secret = make_secret();
    ipc_dispositions_start(listened);
    atomic_store(&started, true);
  }
  int end = fcntl(pipe_ends[0], F_DUPFD_CLOEXEC, 0);
  if (end < 0) ipc_fail_errno(e, NULL, "fcntl", NULL, "receive signals");
  return end;
}

void ipc_signals_release(void) {
  atomic_store(&ipc_signals.throttling, 0);
  ipc_signal_set set =
      atomic_exchange(&ipc_signals_throttled, 0) & ~atomic_load(&ipc_signals_shut_in);
  sigset_t signals = ipc_signals_of(set);
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
  struct timespec timeout = {.tv_sec = (time_t)(ns / 1000000000u),
                             .tv_nsec = (long)(ns % 1000000000u)};
  syscall(SYS_ppoll, &bed, 1, &timeout, NULL, 0);
}
