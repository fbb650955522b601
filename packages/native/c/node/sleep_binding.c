/* Node-API for sleeping and waking. */
#include "node/binding.h"

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
  return int_value(
      env, ipc_park(file->mapping, index, expected, roster, timeout_ms, interruptible, sequence));
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

/* ticket(external, index, expected, roster, realm, hasLooked) → id */
static napi_value ticket(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 6);
  open_file *file = ipc_file_argument(&a, 0);
  int index = word_of(&a, file, 1);
  int32_t expected = int_at(&a, 2), roster = int_at(&a, 3), realm = int_at(&a, 4);
  bool has_looked = bool_at(&a, 5);
  environment *here = ipc_environment_of(env);
  if (!a.ok || here == NULL) return NULL;
  int32_t id = here->last_ticket == INT32_MAX ? 1 : here->last_ticket + 1;
  napi_value result =
      int_value(env, id); /* first: a ticket that nobody can name cannot be cancelled */
  if (result == NULL) return NULL;
  ipc_error e;
  ipc_ticket_request request = {.index = index,
                                .expected = expected,
                                .roster = roster,
                                .name = {.id = id, .realm = realm},
                                .has_looked = has_looked};
  if (!ipc_ticket(here->sink, file->mapping, &request, &e)) return ipc_throw(env, &e);
  here->last_ticket = id;
  return result;
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
  napi_value error = NULL;
  ipc_ticket_name rung[WAKES_AT_ONCE];
  int count;
  while ((count = ipc_sink_take(here->sink, rung, WAKES_AT_ONCE)) > 0)
    ipc_tell_realms(env, here, rung, count, &error);
  if (error != NULL) napi_throw(env, error); /* an uncaught exception, as anywhere in a callback */
}

/* keepAlive(flag): whether the event loop goes on although it has nothing else to do; counted */
static napi_value keep_alive(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  bool keep = bool_at(&a, 0);
  environment *here = ipc_environment_of(env);
  if (!a.ok || here == NULL) return NULL;
  if (keep && here->keepers++ == 0) napi_ref_threadsafe_function(env, here->doorbell);
  if (!keep && --here->keepers == 0) napi_unref_threadsafe_function(env, here->doorbell);
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
  ipc_free_realms(data);
  free(data);
}

bool ipc_make_doorbell(napi_env env, environment *here) {
  here->sink = ipc_sink_new(ring_doorbell, here);
  napi_value name = string_value(env, "ipc");
  return here->sink != NULL && name != NULL &&
         napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, here, free_environment, here,
                                         answer_doorbell, &here->doorbell) == napi_ok &&
         napi_unref_threadsafe_function(env, here->doorbell) == napi_ok;
}

bool ipc_define_sleep(napi_env env, napi_value exports) {
  napi_property_descriptor methods[] = {
      METHOD("park", park),
      METHOD("passOnDeaths", pass_on_deaths),
      METHOD("wake", wake),
      METHOD("ticket", ticket),
      METHOD("cancelTicket", cancel_ticket),
      METHOD("keepAlive", keep_alive),
      METHOD("withoutWaitv", without_waitv),
      METHOD("withoutRecheck", without_recheck),
  };
  return DEFINE(env, exports, methods) && ipc_define_realms(env, exports);
}
