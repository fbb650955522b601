/* Node-API for sleeping and waking. */
#include "binding.h"

#include <stdlib.h>

enum { WAKES_AT_ONCE = 64 };

static int word_of(arguments *a, const open_file *file, int index) {
  int word = int_at(a, index);
  if (a->ok && (word < 0 || (size_t)word >= file->mapping->bytes / 4))
    refuse(a, "native call: no such word");
  return word;
}

/* park(external, index, expected, roster, timeoutMs, interruptible, sequence) → ipc_park_result */
static napi_value park(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 7);
  open_file *file = ipc_file_argument(&a, 0);
  int index = word_of(&a, file, 1);
  int32_t expected = int_at(&a, 2), roster = int_at(&a, 3);
  double timeout_ms = double_at(&a, 4);
  bool interruptible = bool_at(&a, 5);
  int32_t sequence = int_at(&a, 6);
  if (!a.ok) return NULL;
  return int_value(env, ipc_park(file->mapping, index, expected, roster, timeout_ms, interruptible,
                                 sequence));
}

/* passOnDeaths(external) */
static napi_value pass_on_deaths(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  open_file *file = ipc_file_argument(&a, 0);
  if (a.ok) ipc_pass_on_deaths(file->mapping);
  return NULL;
}

/* wake(external, index, count) → how many */
static napi_value wake(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 3);
  open_file *file = ipc_file_argument(&a, 0);
  int index = word_of(&a, file, 1), count = int_at(&a, 2);
  return a.ok ? int_value(env, ipc_wake(&file->mapping->words[index], count)) : NULL;
}

/* ticket(external, index, expected, roster, id) */
static napi_value ticket(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 5);
  open_file *file = ipc_file_argument(&a, 0);
  int index = word_of(&a, file, 1);
  int32_t expected = int_at(&a, 2), roster = int_at(&a, 3), id = int_at(&a, 4);
  environment *here = ipc_environment_of(env);
  if (!a.ok || here == NULL) return NULL;
  ipc_error e;
  if (!ipc_ticket(here->sink, file->mapping, index, expected, roster, id, &e)) return ipc_throw(env, &e);
  return NULL;
}

/* cancelTicket(id) */
static napi_value cancel_ticket(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  int32_t id = int_at(&a, 0);
  environment *here = ipc_environment_of(env);
  if (a.ok && here != NULL) ipc_ticket_cancel(here->sink, id);
  return NULL;
}

static void ring_doorbell(void *context) {
  environment *here = context;
  napi_call_threadsafe_function(here->doorbell, NULL, napi_tsfn_nonblocking);
}

/* On the JavaScript thread. */
static void answer_doorbell(napi_env env, napi_value unused, void *context, void *data) {
  (void)unused, (void)data;
  environment *here = context;
  if (env == NULL || here->leaving) return;
  int32_t ids[WAKES_AT_ONCE];
  int count;
  while ((count = ipc_sink_take(here->sink, ids, WAKES_AT_ONCE)) > 0) {
    napi_value callback, receiver, argument = ints_value(env, ids, count);
    if (argument == NULL || napi_get_reference_value(env, here->on_wake, &callback) != napi_ok ||
        napi_get_global(env, &receiver) != napi_ok ||
        napi_call_function(env, receiver, callback, 1, &argument, NULL) != napi_ok)
      return; /* it threw: an uncaught exception, as anywhere in a callback */
  }
}

/* onWake(callback): called with the ids of tickets whose callers must look again */
static napi_value on_wake(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  napi_value callback = function_at(&a, 0);
  environment *here = ipc_environment_of(env);
  napi_ref next;
  if (!a.ok || here == NULL) return NULL;
  CHECK(napi_create_reference(env, callback, 1, &next));
  if (here->on_wake != NULL) napi_delete_reference(env, here->on_wake);
  here->on_wake = next;
  return NULL;
}

/* withoutRecheck(flag), for tests */
static napi_value without_recheck(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  bool without = bool_at(&a, 0);
  if (a.ok) ipc_without_recheck(without);
  return NULL;
}

/* withoutWaitv(flag), for tests */
static napi_value without_waitv(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  bool without = bool_at(&a, 0);
  if (a.ok) ipc_without_waitv(without);
  return NULL;
}

/* With the doorbell, which outlives everything else that knows the environment. */
static void free_environment(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  free(data);
}

bool ipc_make_doorbell(napi_env env, environment *here) {
  here->sink = ipc_sink_new(ring_doorbell, here);
  napi_value name = string_value(env, "ipc");
  return here->sink != NULL && name != NULL &&
         napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, here,
                                         free_environment, here, answer_doorbell,
                                         &here->doorbell) == napi_ok &&
         napi_unref_threadsafe_function(env, here->doorbell) == napi_ok;
}

bool ipc_define_sleep(napi_env env, napi_value exports) {
  napi_property_descriptor methods[] = {
      METHOD("park", park),
      METHOD("passOnDeaths", pass_on_deaths),
      METHOD("wake", wake),
      METHOD("ticket", ticket),
      METHOD("cancelTicket", cancel_ticket),
      METHOD("onWake", on_wake),
      METHOD("withoutWaitv", without_waitv),
      METHOD("withoutRecheck", without_recheck),
  };
  return DEFINE(env, exports, methods);
}
