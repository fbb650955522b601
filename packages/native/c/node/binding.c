/* The module: environments, domains and agents, and what the other files of the binding add. */
#include "node/binding.h"

#include <stdlib.h>
#include <unistd.h>

environment *ipc_environment_of(napi_env env) {
  void *data = NULL;
  return napi_get_instance_data(env, &data) == napi_ok ? data : NULL;
}

napi_value ipc_throw(napi_env env, const ipc_error *e) {
  napi_value error, code = string_value(env, e->code), message = string_value(env, e->message);
  if (code == NULL || message == NULL) return NULL;
  CHECK(napi_create_error(env, code, message, &error));
  if (e->number != 0) {
    if (!set(env, error, "errno", int_value(env, -e->number)))
      return NULL; /* negative, as in Node's own */
    if (e->syscall != NULL && !set(env, error, "syscall", string_value(env, e->syscall)))
      return NULL;
  }
  if (e->path[0] && !set(env, error, "path", string_value(env, e->path))) return NULL;
  CHECK(napi_throw(env, error));
  return NULL;
}

ipc_domain *ipc_domain_argument(arguments *a, int index) {
  int number = int_at(a, index);
  ipc_domain *domain = a->ok ? ipc_domain_at(number) : NULL;
  if (domain == NULL) refuse(a, "native call: no such domain");
  return domain;
}

/* ---- domains and agents -------------------------------------------------------------- */

/* openDomain(path | null, threadId, mode, join) → { index, path, self }; 0 without `join` */
static napi_value open_domain(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 4);
  char given[sizeof((ipc_domain *)0)->path + 1]; /* a path that is too long must show as such */
  napi_valuetype type = type_of(&a, a.value[0]);
  const char *path = type == napi_null ? NULL : given;
  if (path != NULL) string_of(&a, a.value[0], given, sizeof given);
  int thread_id = int_at(&a, 1), mode = int_at(&a, 2);
  bool join = bool_at(&a, 3);
  if (mode < IPC_LOOK || mode > IPC_MAKE) refuse(&a, "native call: no such mode");
  if (!a.ok) return NULL;

  ipc_set_thread_id(thread_id);
  ipc_error e = {0};
  ipc_domain *domain = ipc_domain_open(path, (ipc_domain_mode)mode, &e);
  if (domain == NULL) return ipc_throw(env, &e);
  ipc_agent self = join ? ipc_agent_self(domain, &e) : 0;
  if (join && self == 0) return ipc_throw(env, &e);

  napi_value result;
  CHECK(napi_create_object(env, &result));
  bool ok = set(env, result, "index", int_value(env, domain->index)) &&
            set(env, result, "path", string_value(env, domain->path)) &&
            set(env, result, "self", int_value(env, self));
  return ok ? result : NULL;
}

/* registry(domain) → ArrayBuffer; never unmapped, so without a finalizer */
static napi_value registry_of(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  ipc_domain *domain = ipc_domain_argument(&a, 0);
  if (!a.ok) return NULL;
  napi_value buffer;
  CHECK(napi_create_external_arraybuffer(env, domain->registry, sizeof *domain->registry, NULL,
                                         NULL, &buffer));
  return buffer;
}

/* isDead(domain, agent) */
static napi_value is_dead(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  ipc_domain *domain = ipc_domain_argument(&a, 0);
  ipc_agent agent = int_at(&a, 1);
  return a.ok ? bool_value(env, ipc_agent_is_dead(domain, agent)) : NULL;
}

/* ---- the module ------------------------------------------------------------------------------ */

/* The agent leaves first: if a living owner gave up its place in an opener table, those who are about to
 * sleep would not see its end. */
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
      {"pidNamespace", offsetof(ipc_slot, pid_namespace)},
      {"described", offsetof(ipc_slot, described)},
      {"poison", IPC_WORD_POISON * 4},
      {"roster", IPC_WORD_ROSTER * 4},
      {"data", IPC_WORD_DATA * 4},
  };
  napi_value layout;
  CHECK(napi_create_object(env, &layout));
  for (size_t i = 0; i < sizeof offset / sizeof *offset; i++)
    if (!set(env, layout, offset[i].name, int_value(env, (int32_t)(offset[i].bytes / 4))))
      return NULL;
  int liveness = ipc_liveness_offset(); /* -1 where the kernel has no robust futexes */
  bool ok = set(env, layout, "firstWithHeirs", int_value(env, IPC_FIRST_WITH_HEIRS)) &&
            set(env, layout, "liveness", int_value(env, liveness < 0 ? -1 : liveness / 4));
  return ok ? layout : NULL;
}

/* Exports a reason instead of everything else, where JavaScript cannot see memory of ours. */
static napi_value export_reason(napi_env env, napi_value exports) {
  const char *reason = "process scope needs external ArrayBuffers, through which JavaScript sees "
                       "mapped memory: this "
                       "runtime refuses them (Electron since version 21, and others whose V8 has "
                       "its memory sandbox); "
                       "use a process of Node.js itself, such as one started by child_process";
  return set(env, exports, "reason", string_value(env, reason)) ? exports
                                                                : bug(env, "load: values");
}

static napi_value init(napi_env env, napi_value exports) {
  napi_value signals;
  napi_status seen = napi_create_external_arraybuffer(
      env, &ipc_signal_sequence, sizeof ipc_signal_sequence, NULL, NULL, &signals);
  if (seen == napi_no_external_buffers_allowed) return export_reason(env, exports);
  if (seen != napi_ok) return bug(env, "load: memory");

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
      !ipc_define_commands(env, exports) || !ipc_define_directories(env, exports))
    return bug(env, "load: functions");

  bool ok = set(env, exports, "signals", signals) &&
            set(env, exports, "pid", int_value(env, getpid())) &&
            set(env, exports, "layout", layout_value(env));
  return ok ? exports : bug(env, "load: values");
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
