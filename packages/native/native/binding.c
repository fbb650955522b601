/* The module: environments, domains and agents, and what the other files of the binding add. */
#include "binding.h"

#include <stdlib.h>
#include <unistd.h>

environment *ipc_environment_of(napi_env env) {
  void *data = NULL;
  napi_get_instance_data(env, &data);
  return data;
}

napi_value ipc_throw(napi_env env, const ipc_error *e) {
  napi_value error;
  CHECK(napi_create_error(env, string_value(env, e->code), string_value(env, e->message), &error));
  if (e->number != 0) {
    set(env, error, "errno", int_value(env, -e->number)); /* negative, as in Node's own */
    if (e->syscall != NULL) set(env, error, "syscall", string_value(env, e->syscall));
  }
  if (e->path[0]) set(env, error, "path", string_value(env, e->path));
  napi_throw(env, error);
  return NULL;
}

ipc_domain *ipc_domain_argument(napi_env env, napi_value value) {
  ipc_domain *domain = ipc_domain_at(int_of(env, value));
  if (domain == NULL) bug(env, "native call: no such domain");
  return domain;
}

/* ---- domains and agents -------------------------------------------------------------- */

/* openDomain(path | null, threadId, mode, join) → { index, path, self }; 0 without `join` */
static napi_value open_domain(napi_env env, napi_callback_info info) {
  napi_value argument[4];
  if (!read_arguments(env, info, 4, argument)) return NULL;
  char path[sizeof((ipc_domain *)0)->path + 1]; /* too long a one must show as such */
  size_t length = 0;
  napi_valuetype type;
  CHECK(napi_typeof(env, argument[0], &type));
  if (type == napi_string)
    CHECK(napi_get_value_string_utf8(env, argument[0], path, sizeof path, &length));
  ipc_set_thread_id(int_of(env, argument[1]));

  ipc_error e = {0};
  ipc_domain *domain =
      ipc_domain_open(type == napi_string ? path : NULL, (ipc_domain_mode)int_of(env, argument[2]), &e);
  if (domain == NULL) return ipc_throw(env, &e);
  bool join = bool_of(env, argument[3]);
  ipc_agent self = join ? ipc_agent_self(domain, &e) : 0;
  if (join && self == 0) return ipc_throw(env, &e);

  napi_value result;
  CHECK(napi_create_object(env, &result));
  set(env, result, "index", int_value(env, domain->index));
  set(env, result, "path", string_value(env, domain->path));
  set(env, result, "self", int_value(env, self));
  return result;
}

/* registry(domain) → ArrayBuffer; never unmapped, so without a finalizer */
static napi_value registry_of(napi_env env, napi_callback_info info) {
  napi_value argument[1], buffer;
  if (!read_arguments(env, info, 1, argument)) return NULL;
  ipc_domain *domain = ipc_domain_argument(env, argument[0]);
  if (domain == NULL) return NULL;
  CHECK(napi_create_external_arraybuffer(env, domain->registry, sizeof *domain->registry, NULL, NULL,
                                         &buffer));
  return buffer;
}

/* isDead(domain, agent) */
static napi_value is_dead(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  if (!read_arguments(env, info, 2, argument)) return NULL;
  ipc_domain *domain = ipc_domain_argument(env, argument[0]);
  return domain == NULL ? NULL : bool_value(env, ipc_agent_is_dead(domain, int_of(env, argument[1])));
}

/* ---- the module ------------------------------------------------------------------------------ */

/* The agent first: a place in an opener table that is given up by a living owner
 * hides its end from those who are about to sleep. */
static void leave(void *data) {
  environment *here = data;
  here->leaving = true;
  ipc_agent_leave();
  ipc_sink_close(here->sink);
  ipc_close_files(here);
}

/* Offsets in words: in the registry, in one of its slots, in an object's file. */
static napi_value layout_value(napi_env env) {
  const struct {
    const char *name;
    size_t bytes;
  } offset[] = {
      {"slots", offsetof(ipc_registry, slot)},
      {"slotWords", sizeof(ipc_slot)},
      {"generation", offsetof(ipc_slot, generation)},
      {"pid", offsetof(ipc_slot, pid)},
      {"tid", offsetof(ipc_slot, tid)},
      {"threadId", offsetof(ipc_slot, thread_id)},
      {"notes", offsetof(ipc_slot, notes)},
      {"poison", IPC_WORD_POISON * 4},
      {"roster", IPC_WORD_ROSTER * 4},
      {"data", IPC_WORD_DATA * 4},
  };
  napi_value layout;
  CHECK(napi_create_object(env, &layout));
  for (size_t i = 0; i < sizeof offset / sizeof *offset; i++)
    set(env, layout, offset[i].name, int_value(env, (int32_t)(offset[i].bytes / 4)));
  int liveness = ipc_liveness_offset(); /* -1 where the kernel has no robust futexes */
  set(env, layout, "firstWithHeirs", int_value(env, IPC_FIRST_WITH_HEIRS));
  set(env, layout, "liveness", int_value(env, liveness < 0 ? -1 : liveness / 4));
  return layout;
}

static napi_value init(napi_env env, napi_value exports) {
  environment *here = calloc(1, sizeof *here);
  if (here == NULL) return bug(env, "load: out of memory");
  CHECK(napi_set_instance_data(env, here, NULL, NULL));
  if (!ipc_make_doorbell(env, here)) return bug(env, "load: no bell");
  CHECK(napi_add_env_cleanup_hook(env, leave, here));

  napi_property_descriptor methods[] = {
      METHOD("openDomain", open_domain),
      METHOD("registry", registry_of),
      METHOD("isDead", is_dead),
  };
  if (!DEFINE(env, exports, methods) || !ipc_define_files(env, exports) ||
      !ipc_define_sleep(env, exports) || !ipc_define_signals(env, exports) ||
      !ipc_define_commands(env, exports))
    return bug(env, "load: functions");

  napi_value signals;
  CHECK(napi_create_external_arraybuffer(env, &ipc_signal_sequence, sizeof ipc_signal_sequence, NULL,
                                         NULL, &signals));
  set(env, exports, "signals", signals);
  set(env, exports, "pid", int_value(env, getpid()));
  set(env, exports, "layout", layout_value(env));
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
