/* Node-API for sleeping and waking. */
#include "binding.h"

#include <stdlib.h>

enum { WAKES_AT_ONCE = 64 };

static bool word_in(napi_env env, const open_file *file, int index) {
  if (index >= 0 && (size_t)index < file->mapping->bytes / 4) return true;
  bug(env, "native call: no such word");
  return false;
}

/* park(external, index, expected, roster, timeoutMs, interruptible, sequence) → ipc_park_result */
static napi_value park(napi_env env, napi_callback_info info) {
  napi_value argument[7];
  if (!read_arguments(env, info, 7, argument)) return NULL;
  open_file *file = ipc_file_argument(env, argument[0]);
  int index = int_of(env, argument[1]);
  if (file == NULL || !word_in(env, file, index)) return NULL;
  return int_value(env, ipc_park(file->mapping, index, int_of(env, argument[2]),
                                 int_of(env, argument[3]), double_of(env, argument[4]),
                                 bool_of(env, argument[5]), int_of(env, argument[6])));
}

/* passOnDeaths(external) */
static napi_value pass_on_deaths(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!read_arguments(env, info, 1, argument)) return NULL;
  open_file *file = ipc_file_argument(env, argument[0]);
  if (file != NULL) ipc_pass_on_deaths(file->mapping);
  return NULL;
}

/* wake(external, index, count) → how many */
static napi_value wake(napi_env env, napi_callback_info info) {
  napi_value argument[3];
  if (!read_arguments(env, info, 3, argument)) return NULL;
  open_file *file = ipc_file_argument(env, argument[0]);
  int index = int_of(env, argument[1]);
  if (file == NULL || !word_in(env, file, index)) return NULL;
  return int_value(env, ipc_wake(&file->mapping->words[index], int_of(env, argument[2])));
}

/* ticket(external, index, expected, roster, id) */
static napi_value ticket(napi_env env, napi_callback_info info) {
  napi_value argument[5];
  if (!read_arguments(env, info, 5, argument)) return NULL;
  open_file *file = ipc_file_argument(env, argument[0]);
  int index = int_of(env, argument[1]);
  if (file == NULL || !word_in(env, file, index)) return NULL;
  ipc_error e;
  if (!ipc_ticket(ipc_environment_of(env)->sink, file->mapping, index, int_of(env, argument[2]),
                  int_of(env, argument[3]), int_of(env, argument[4]), &e))
    return ipc_throw(env, &e);
  return NULL;
}

static napi_value cancel_ticket(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!read_arguments(env, info, 1, argument)) return NULL;
  ipc_ticket_cancel(ipc_environment_of(env)->sink, int_of(env, argument[0]));
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
    if (napi_get_reference_value(env, here->on_wake, &callback) != napi_ok ||
        napi_get_global(env, &receiver) != napi_ok ||
        napi_call_function(env, receiver, callback, 1, &argument, NULL) != napi_ok)
      return; /* it threw: an uncaught exception, as anywhere in a callback */
  }
}

/* onWake(callback): called with the ids of tickets whose callers must look again */
static napi_value on_wake(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!read_arguments(env, info, 1, argument)) return NULL;
  napi_valuetype type;
  CHECK(napi_typeof(env, argument[0], &type));
  if (type != napi_function) return bug(env, "native call: not a function");
  napi_ref next;
  CHECK(napi_create_reference(env, argument[0], 1, &next));
  environment *here = ipc_environment_of(env);
  if (here->on_wake != NULL) napi_delete_reference(env, here->on_wake);
  here->on_wake = next;
  return NULL;
}

/* withoutRecheck(flag), for tests */
static napi_value without_recheck(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!read_arguments(env, info, 1, argument)) return NULL;
  ipc_without_recheck(bool_of(env, argument[0]));
  return NULL;
}

/* withoutWaitv(flag), for tests */
static napi_value without_waitv(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!read_arguments(env, info, 1, argument)) return NULL;
  ipc_without_waitv(bool_of(env, argument[0]));
  return NULL;
}

/* With the doorbell, which outlives everything else that knows the environment. */
static void free_environment(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  free(data);
}

bool ipc_make_doorbell(napi_env env, environment *here) {
  here->sink = ipc_sink_new(ring_doorbell, here);
  return here->sink != NULL &&
         napi_create_threadsafe_function(env, NULL, NULL, string_value(env, "ipc"), 0, 1, here,
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
