/* Node-API for signals.h and send.h; the same rules as in binding.c. */
#include "node/binding.h"
#include "signals/send.h"
#include "signals/signals.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Numbers outside 1..64 would be used as indices: a bug of the caller. */
static int signal_at(arguments *a, int index) {
  int number = int_at(a, index);
  if (number < 1 || number > IPC_SIGNALS) refuse(a, "native call: no such signal");
  return number;
}

static napi_value result_of(napi_env env, bool ok, const ipc_error *e) {
  return ok ? NULL : ipc_throw(env, e);
}

static napi_value doubles_value(napi_env env, double first, double second) {
  napi_value array, one, other;
  CHECK(napi_create_array_with_length(env, 2, &array));
  CHECK(napi_create_double(env, first, &one));
  CHECK(napi_create_double(env, second, &other));
  return put(env, array, 0, one) && put(env, array, 1, other) ? array : NULL;
}

/* A set is a BigInt: bit number - 1. */
static ipc_signal_set set_at(arguments *a, int index) {
  uint64_t set = 0;
  bool lossless;
  if (a->ok && napi_get_value_bigint_uint64(a->env, a->value[index], &set, &lossless) != napi_ok)
    refuse(a, "native call: not a set of signals");
  return a->ok ? set : 0;
}

static napi_value set_value(napi_env env, ipc_signal_set set) {
  napi_value result = NULL;
  CHECK(napi_create_bigint_uint64(env, set, &result));
  return result;
}

/* ---- sending --------------------------------------------------------------------- */

/* kill(pid, signal) */
static napi_value send_kill(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  int pid = int_at(&a, 0), number = int_at(&a, 1);
  ipc_error e;
  return a.ok ? result_of(env, ipc_kill(pid, number, &e), &e) : NULL;
}

/* raise(signal) */
static napi_value send_raise(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  int number = int_at(&a, 0);
  ipc_error e;
  return a.ok ? result_of(env, ipc_raise(number, &e), &e) : NULL;
}

/* sigqueue(pid, signal, value) */
static napi_value send_queue(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 3);
  int pid = int_at(&a, 0), number = int_at(&a, 1), value = int_at(&a, 2);
  ipc_error e;
  return a.ok ? result_of(env, ipc_sigqueue(pid, number, value, &e), &e) : NULL;
}

enum { PROCESS_MARK = 0x70696466 }; /* tells it from the other externals */

typedef struct {
  int32_t mark;
  int fd;
  pid_t pid;
} process;

static process *process_at(arguments *a, int index) {
  return external_of(a, a->value[index], PROCESS_MARK);
}

static void finalize_process(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  process *p = data;
  if (p->fd >= 0) close(p->fd);
  free(p);
}

/* processOpen(pid) */
static napi_value process_open(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  int pid = int_at(&a, 0);
  if (!a.ok) return NULL;
  process *p = malloc(sizeof *p);
  if (p == NULL) return bug(env, "processOpen: out of memory");
  ipc_error e = {0};
  *p = (process){.mark = PROCESS_MARK, .pid = pid, .fd = ipc_process_open(pid, &e)};
  if (p->fd < 0) {
    free(p);
    return ipc_throw(env, &e);
  }
  napi_value result;
  if (napi_create_external(env, p, finalize_process, NULL, &result) == napi_ok) return result;
  finalize_process(env, p, NULL);
  return NULL;
}

/* processKill(process, signal) */
static napi_value process_kill(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  process *p = process_at(&a, 0);
  int number = int_at(&a, 1);
  ipc_error e;
  return a.ok ? result_of(env, ipc_process_kill(p->fd, p->pid, number, &e), &e) : NULL;
}

static napi_value process_exited(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  process *p = process_at(&a, 0);
  return a.ok ? bool_value(env, ipc_process_exited(p->fd)) : NULL;
}

static napi_value process_close(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  process *p = process_at(&a, 0);
  if (!a.ok) return NULL;
  if (p->fd >= 0) close(p->fd);
  p->fd = -1;
  return NULL;
}

/* setTimer(which, valueMs, intervalMs) → [valueMs, intervalMs] as they were */
static napi_value set_timer(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 3);
  int which = int_at(&a, 0);
  ipc_timer before, timer = {.value_ms = double_at(&a, 1), .interval_ms = double_at(&a, 2)};
  if (!a.ok) return NULL;
  ipc_error e = {0};
  if (!ipc_setitimer(which, timer, &before, &e)) return ipc_throw(env, &e);
  return doubles_value(env, before.value_ms, before.interval_ms);
}

/* getTimer(which) → [valueMs, intervalMs] */
static napi_value get_timer(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  int which = int_at(&a, 0);
  if (!a.ok) return NULL;
  ipc_error e = {0};
  ipc_timer timer;
  if (!ipc_getitimer(which, &timer, &e)) return ipc_throw(env, &e);
  return doubles_value(env, timer.value_ms, timer.interval_ms);
}

/* ---- receiving ----------------------------------------------------------------------- */

/* signalsStart(listened) → the descriptor to read */
static napi_value signals_start(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  ipc_signal_set listened = set_at(&a, 0);
  if (!a.ok) return NULL;
  ipc_error e = {0};
  int fd = ipc_signals_start(listened, &e);
  return fd < 0 ? ipc_throw(env, &e) : int_value(env, fd);
}

/* signalCatch(number, chain) */
static napi_value signal_catch(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  int number = signal_at(&a, 0);
  bool chain = bool_at(&a, 1);
  ipc_error e = {0};
  return a.ok ? result_of(env, ipc_signal_catch(number, chain, &e), &e) : NULL;
}

/* signalSet(number, ignore) */
static napi_value signal_set(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  int number = signal_at(&a, 0);
  bool ignore = bool_at(&a, 1);
  ipc_error e = {0};
  return a.ok ? result_of(env, ipc_signal_assign(number, ignore, &e), &e) : NULL;
}

/* signalGiveBack(number) */
static napi_value signal_give_back(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  int number = signal_at(&a, 0);
  ipc_error e = {0};
  return a.ok ? result_of(env, ipc_signal_give_back(number, &e), &e) : NULL;
}

/* signalDisplaced(number, initial) */
static napi_value signal_displaced(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  int number = signal_at(&a, 0);
  bool initial = bool_at(&a, 1);
  ipc_error e = {0};
  return a.ok ? result_of(env, ipc_signal_displaced(number, initial, &e), &e) : NULL;
}

/* signalDisposition(number) */
static napi_value signal_disposition(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  int number = signal_at(&a, 0);
  return a.ok ? int_value(env, ipc_signal_disposition(number)) : NULL;
}

static napi_value signal_in_force(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  int number = signal_at(&a, 0);
  return a.ok ? bool_value(env, ipc_signal_in_force(number)) : NULL;
}

static napi_value signal_reclaim(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  int number = signal_at(&a, 0);
  if (a.ok) ipc_signal_reclaim(number);
  return NULL;
}

static napi_value signal_chain(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  int number = signal_at(&a, 0);
  if (a.ok) ipc_signal_chain(number);
  return NULL;
}

static napi_value signals_release(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  ipc_signals_release();
  return NULL;
}

/* signalsSleep(sequence, timeoutMs) */
static napi_value signals_sleep(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  int32_t sequence = int_at(&a, 0);
  double timeout_ms = double_at(&a, 1);
  if (a.ok) ipc_signals_sleep(sequence, timeout_ms);
  return NULL;
}

/* signalsEvict(set) */
static napi_value signals_evict(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  ipc_signal_set set = set_at(&a, 0);
  if (a.ok) ipc_signals_evict(set);
  return NULL;
}

/* signalsBlock(set) → whether the kernel holds them */
static napi_value signals_block(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  ipc_signal_set set = set_at(&a, 0);
  return a.ok ? bool_value(env, ipc_signals_block(set)) : NULL;
}

static napi_value signals_settle(napi_env env, napi_callback_info info) {
  (void)info;
  return bool_value(env, ipc_signals_settle());
}

static napi_value signals_unblock(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  ipc_signal_set set = set_at(&a, 0);
  if (a.ok) ipc_signals_unblock(set);
  return NULL;
}

static napi_value signals_shut(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  ipc_signal_set set = set_at(&a, 0);
  if (a.ok) ipc_signals_shut(set);
  return NULL;
}

static napi_value signals_reopen(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  ipc_signal_set set = set_at(&a, 0);
  if (a.ok) ipc_signals_reopen(set);
  return NULL;
}

static napi_value signals_pending(napi_env env, napi_callback_info info) {
  (void)info;
  return set_value(env, ipc_signals_pending());
}

/* ---- the module ------------------------------------------------------------------------ */

bool ipc_define_signals(napi_env env, napi_value exports) {
  napi_property_descriptor methods[] = {
      METHOD("kill", send_kill),
      METHOD("raise", send_raise),
      METHOD("sigqueue", send_queue),
      METHOD("processOpen", process_open),
      METHOD("processKill", process_kill),
      METHOD("processExited", process_exited),
      METHOD("processClose", process_close),
      METHOD("setTimer", set_timer),
      METHOD("getTimer", get_timer),
      METHOD("signalsStart", signals_start),
      METHOD("signalCatch", signal_catch),
      METHOD("signalSet", signal_set),
      METHOD("signalGiveBack", signal_give_back),
      METHOD("signalDisplaced", signal_displaced),
      METHOD("signalDisposition", signal_disposition),
      METHOD("signalInForce", signal_in_force),
      METHOD("signalReclaim", signal_reclaim),
      METHOD("signalChain", signal_chain),
      METHOD("signalsRelease", signals_release),
      METHOD("signalsSleep", signals_sleep),
      METHOD("signalsEvict", signals_evict),
      METHOD("signalsBlock", signals_block),
      METHOD("signalsSettle", signals_settle),
      METHOD("signalsUnblock", signals_unblock),
      METHOD("signalsShut", signals_shut),
      METHOD("signalsReopen", signals_reopen),
      METHOD("signalsPending", signals_pending),
  };
  napi_value ring = NULL;
  return napi_create_external_arraybuffer(env, &ipc_signals, sizeof ipc_signals, NULL, NULL,
                                          &ring) == napi_ok &&
         set(env, exports, "signalRing", ring) && DEFINE(env, exports, methods) &&
         set(env, exports, "rtmin", int_value(env, SIGRTMIN)) &&
         set(env, exports, "rtmax", int_value(env, SIGRTMAX));
}
