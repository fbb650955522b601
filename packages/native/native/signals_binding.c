/* Node-API for signals.h and send.h; the same rules as in binding.c. */
#include "binding.h"
#include "send.h"
#include "signals.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 4 };

typedef struct {
  napi_env env;
  napi_value value[MAX_ARGUMENTS];
} arguments;

/* Missing ones are undefined. */
static arguments arguments_of(napi_env env, napi_callback_info info) {
  arguments a = {.env = env};
  size_t count = MAX_ARGUMENTS;
  napi_get_cb_info(env, info, &count, a.value, NULL, NULL);
  return a;
}

static int32_t int_at(const arguments *a, int index) { return int_of(a->env, a->value[index]); }

static double double_at(const arguments *a, int index) { return double_of(a->env, a->value[index]); }

static bool bool_at(const arguments *a, int index) { return bool_of(a->env, a->value[index]); }

/* Numbers outside 1..64 would be used as indices: a bug of the caller, answered as the kernel does. */
static int signal_at(const arguments *a, int index) {
  int number = int_at(a, index);
  if (number >= 1 && number <= IPC_SIGNALS) return number;
  napi_throw_range_error(a->env, "ERR_IPC_INTERNAL", "native call: no such signal");
  return 0;
}

static napi_value result_of(napi_env env, bool ok, const ipc_error *e) {
  return ok ? NULL : ipc_throw(env, e);
}

static napi_value doubles_value(napi_env env, double first, double second) {
  napi_value array = NULL, element;
  napi_create_array_with_length(env, 2, &array);
  napi_create_double(env, first, &element);
  napi_set_element(env, array, 0, element);
  napi_create_double(env, second, &element);
  napi_set_element(env, array, 1, element);
  return array;
}

/* A set is a BigInt: bit number - 1. */
static ipc_signal_set set_at(const arguments *a, int index) {
  uint64_t set = 0;
  bool lossless;
  napi_get_value_bigint_uint64(a->env, a->value[index], &set, &lossless);
  return set;
}

static napi_value set_value(napi_env env, ipc_signal_set set) {
  napi_value result = NULL;
  napi_create_bigint_uint64(env, set, &result);
  return result;
}

/* ---- sending --------------------------------------------------------------------- */

static napi_value send_kill(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_error e;
  return result_of(env, ipc_kill(int_at(&a, 0), int_at(&a, 1), &e), &e);
}

static napi_value send_raise(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_error e;
  return result_of(env, ipc_raise(int_at(&a, 0), &e), &e);
}

static napi_value send_queue(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_error e;
  return result_of(env, ipc_sigqueue(int_at(&a, 0), int_at(&a, 1), int_at(&a, 2), &e), &e);
}

enum { PROCESS_MARK = 0x70696466 }; /* tells it from the other externals */

typedef struct {
  int32_t mark;
  int fd;
  pid_t pid;
} process;

static process *process_at(const arguments *a, int index) {
  return external_of(a->env, a->value[index], PROCESS_MARK);
}

static void finalize_process(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  process *p = data;
  if (p->fd >= 0) close(p->fd);
  free(p);
}

static napi_value process_open(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_error e = {0};
  process *p = malloc(sizeof *p);
  if (p == NULL) return NULL;
  p->mark = PROCESS_MARK;
  p->pid = int_at(&a, 0);
  p->fd = ipc_process_open(p->pid, &e);
  if (p->fd < 0) {
    free(p);
    return ipc_throw(env, &e);
  }
  napi_value result;
  if (napi_create_external(env, p, finalize_process, NULL, &result) != napi_ok) {
    finalize_process(env, p, NULL);
    return NULL;
  }
  return result;
}

static napi_value process_kill(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  process *p = process_at(&a, 0);
  if (p == NULL) return NULL;
  ipc_error e;
  return result_of(env, ipc_process_kill(p->fd, p->pid, int_at(&a, 1), &e), &e);
}

static napi_value process_exited(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  process *p = process_at(&a, 0);
  return p == NULL ? NULL : bool_value(env, ipc_process_exited(p->fd));
}

static napi_value process_close(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  process *p = process_at(&a, 0);
  if (p == NULL) return NULL;
  if (p->fd >= 0) close(p->fd);
  p->fd = -1;
  return NULL;
}

/* setTimer(which, valueMs, intervalMs) → [valueMs, intervalMs] as they were */
static napi_value set_timer(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_error e = {0};
  ipc_timer before, timer = {.value_ms = double_at(&a, 1), .interval_ms = double_at(&a, 2)};
  if (!ipc_setitimer(int_at(&a, 0), timer, &before, &e)) return ipc_throw(env, &e);
  return doubles_value(env, before.value_ms, before.interval_ms);
}

static napi_value get_timer(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_error e = {0};
  ipc_timer timer;
  if (!ipc_getitimer(int_at(&a, 0), &timer, &e)) return ipc_throw(env, &e);
  return doubles_value(env, timer.value_ms, timer.interval_ms);
}

/* ---- receiving ----------------------------------------------------------------------- */

/* signalsStart(listened) → the descriptor to read */
static napi_value signals_start(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_error e = {0};
  int fd = ipc_signals_start(set_at(&a, 0), &e);
  return fd < 0 ? ipc_throw(env, &e) : int_value(env, fd);
}

/* signalCatch(number, chain) */
static napi_value signal_catch(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  int number = signal_at(&a, 0);
  ipc_error e = {0};
  return number == 0 ? NULL : result_of(env, ipc_signal_catch(number, bool_at(&a, 1), &e), &e);
}

/* signalSet(number, ignore) */
static napi_value signal_set(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  int number = signal_at(&a, 0);
  ipc_error e = {0};
  return number == 0 ? NULL : result_of(env, ipc_signal_assign(number, bool_at(&a, 1), &e), &e);
}

static napi_value signal_give_back(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  int number = signal_at(&a, 0);
  ipc_error e = {0};
  return number == 0 ? NULL : result_of(env, ipc_signal_give_back(number, &e), &e);
}

/* signalDisplaced(number, initial) */
static napi_value signal_displaced(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  int number = signal_at(&a, 0);
  ipc_error e = {0};
  return number == 0 ? NULL : result_of(env, ipc_signal_displaced(number, bool_at(&a, 1), &e), &e);
}

static napi_value signal_disposition(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  int number = signal_at(&a, 0);
  return number == 0 ? NULL : int_value(env, ipc_signal_disposition(number));
}

static napi_value signal_in_force(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  int number = signal_at(&a, 0);
  return number == 0 ? NULL : bool_value(env, ipc_signal_in_force(number));
}

static napi_value signal_reclaim(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  int number = signal_at(&a, 0);
  if (number != 0) ipc_signal_reclaim(number);
  return NULL;
}

static napi_value signal_chain(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  int number = signal_at(&a, 0);
  if (number != 0) ipc_signal_chain(number);
  return NULL;
}

static napi_value signals_release(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  ipc_signals_release();
  return NULL;
}

/* signalsSleep(sequence, timeoutMs) */
static napi_value signals_sleep(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_signals_sleep(int_at(&a, 0), double_at(&a, 1));
  return NULL;
}

static napi_value signals_evict(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_signals_evict(set_at(&a, 0));
  return NULL;
}

/* signalsBlock(set) → whether the kernel holds them */
static napi_value signals_block(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  return bool_value(env, ipc_signals_block(set_at(&a, 0)));
}

static napi_value signals_settle(napi_env env, napi_callback_info info) {
  (void)info;
  return bool_value(env, ipc_signals_settle());
}

static napi_value signals_unblock(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_signals_unblock(set_at(&a, 0));
  return NULL;
}

static napi_value signals_shut(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_signals_shut(set_at(&a, 0));
  return NULL;
}

static napi_value signals_reopen(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info);
  ipc_signals_reopen(set_at(&a, 0));
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
  napi_create_external_arraybuffer(env, &ipc_signals, sizeof ipc_signals, NULL, NULL, &ring);
  set(env, exports, "signalRing", ring);
  return DEFINE(env, exports, methods) &&
         napi_set_named_property(env, exports, "rtmin", int_value(env, SIGRTMIN)) == napi_ok &&
         napi_set_named_property(env, exports, "rtmax", int_value(env, SIGRTMAX)) == napi_ok;
}
