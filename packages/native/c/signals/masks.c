/* The mask, and the threads that are to respect it. */
#include "signals/signals_internal.h"

#include <sched.h>

/* How long we wait for threads to sleep, so that their owner can be told, and then to answer. Nothing
 * but the order of signals depends on it. */
static const uint64_t PATIENCE_NS = 2 * 1000 * 1000;

/* ---- eviction ---------------------------------------------------------------------- */

static int carriers_sent;
static bool is_carrying;

bool ipc_carrying(void) { return is_carrying; }

static void carry(void) {
  if (is_carrying) return;
  is_carrying = true;
  ipc_signal_put(IPC_CARRIER);
}

/* While a carrier is unanswered, the handler stays: without it, the kernel would throw the carrier away. */
void ipc_carrier_rest(void) {
  if (!is_carrying || atomic_load(&ipc_evictions) - carriers_sent < 0) return;
  is_carrying = false;
  ipc_signal_put(IPC_CARRIER);
}

typedef struct {
  int awake, others;
} uncertain;

static void ask_thread(pid_t tid, ipc_thread_kind kind, void *data) {
  uncertain *left = data;
  if (kind == IPC_THREAD_AWAKE) left->awake++;
  if (kind == IPC_THREAD_OTHERS) left->others++;
  if (kind != IPC_THREAD_ASKABLE) return;
  carry();
  carriers_sent += ipc_send_carrier(tid);
}

/* The last answer, and how many threads there were. A thread that was asked handles the carrier before
 * any signal of the process. */
static ipc_signal_set looked_for, all_block;
static long threads_then;

static bool look_at_threads(ipc_signal_set set, uint64_t deadline) {
  for (;;) {
    uncertain left = {0};
    if (!ipc_threads_each(set, ask_thread, &left)) return false;
    if (left.awake == 0 || ipc_now_ns() > deadline) return left.awake + left.others == 0;
    sched_yield();
  }
}

static void await_answers(uint64_t deadline) {
  while (is_carrying && atomic_load(&ipc_evictions) - carriers_sent < 0 && ipc_now_ns() < deadline)
    sched_yield();
  ipc_carrier_rest();
}

static void forget_if_threads_changed(void) {
  long threads = ipc_threads_count();
  if (threads != threads_then || threads == 0) looked_for = all_block = 0;
  threads_then = threads;
}

static bool evict_now(ipc_signal_set set) {
  if ((all_block & set) == set) return true;
  uint64_t deadline = ipc_now_ns() + PATIENCE_NS;
  bool complete = look_at_threads(set, deadline);
  looked_for |= set;
  if (complete) all_block |= set;
  await_answers(deadline);
  return complete;
}

void ipc_signals_evict(ipc_signal_set set) {
  set &= ~ipc_signal_bit(IPC_CARRIER); /* which must reach them */
  atomic_fetch_or(&ipc_signals_evicted, set);
  forget_if_threads_changed();
  if ((looked_for & set) != set) evict_now(set);
}

/* ---- the main thread's mask ---------------------------------------------------------- */

static void put_all(ipc_signal_set set) {
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (set & ipc_signal_bit(number)) ipc_signal_put(number);
}

static void shut_in(ipc_signal_set set) {
  atomic_fetch_or(&ipc_signals_shut_in, set);
  ipc_signals_shut(set);
}

bool ipc_signals_settle(void) {
  ipc_carrier_rest();
  ipc_signal_set set = atomic_load(&ipc_signals_masked) & ~atomic_load(&ipc_signals_shut_in);
  set &= ~ipc_signal_bit(IPC_CARRIER); /* other threads never block it, so it stays with us */
  if (set == 0) return true;
  atomic_fetch_or(&ipc_signals_evicted, set);
  forget_if_threads_changed();
  if (!evict_now(set)) return false;
  shut_in(set);
  return true;
}

bool ipc_signals_block(ipc_signal_set set) {
  atomic_fetch_or(&ipc_signals_masked, set);
  put_all(set); /* from here on no default action can happen */
  return ipc_signals_settle();
}

void ipc_signals_unblock(ipc_signal_set set) {
  atomic_fetch_and(&ipc_signals_masked, ~set);
  put_all(set);
  atomic_fetch_and(&ipc_signals_shut_in, ~set);
  ipc_signals_reopen(set);
  ipc_carrier_rest();
}

void ipc_signals_shut(ipc_signal_set set) {
  sigset_t signals = ipc_signals_of(set);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

void ipc_signals_reopen(ipc_signal_set set) {
  ipc_signal_set stay = atomic_load(&ipc_signals_shut_in) | atomic_load(&ipc_signals_throttled);
  sigset_t signals = ipc_signals_of(set & ~stay);
  pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

ipc_signal_set ipc_signals_pending(void) {
  sigset_t pending;
  sigpending(&pending);
  return ipc_signal_set_of(&pending);
}
