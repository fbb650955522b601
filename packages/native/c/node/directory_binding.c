/* Node-API for directories: which one, and would it do? */
#include "node/binding.h"

enum { PATH_BYTES = sizeof((ipc_domain *)0)->path };

/* checkDomain(path): throws what openDomain would throw; makes nothing that stays */
static napi_value check_domain(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  char path[PATH_BYTES + 1]; /* a path that is too long must show as such */
  string_of(&a, a.value[0], path, sizeof path);
  if (!a.ok) return NULL;
  ipc_error e = {0};
  return ipc_domain_check(path, &e) ? NULL : ipc_throw(env, &e);
}

/* directoryOf(value, resolved, ofProcess) → the directory that IPC_DIR = value means in this process */
static napi_value directory_of(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 3);
  char value[PATH_BYTES + 1], resolved[PATH_BYTES + 1];
  string_of(&a, a.value[0], value, sizeof value);
  string_of(&a, a.value[1], resolved, sizeof resolved);
  bool of_process = bool_at(&a, 2);
  if (!a.ok) return NULL;
  const char *directory = ipc_directory_of(value, resolved, of_process);
  return directory == NULL ? bug(env, "directoryOf: out of memory") : string_value(env, directory);
}

/* directoryOfProcess() → [directory | null, IPC_DIR of the process | null] */
static napi_value directory_of_process(napi_env env, napi_callback_info info) {
  (void)info;
  const char *value, *directory = ipc_directory_of_process(&value);
  napi_value result, none;
  CHECK(napi_get_null(env, &none));
  CHECK(napi_create_array_with_length(env, 2, &result));
  bool ok = put(env, result, 0, directory == NULL ? none : string_value(env, directory)) &&
            put(env, result, 1, value == NULL ? none : string_value(env, value));
  return ok ? result : NULL;
}

/* pidNamespace(): the calling process's, as registries have it */
static napi_value pid_namespace(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, ipc_pid_namespace());
}

bool ipc_define_directories(napi_env env, napi_value exports) {
  napi_property_descriptor methods[] = {
      METHOD("checkDomain", check_domain),
      METHOD("directoryOf", directory_of),
      METHOD("directoryOfProcess", directory_of_process),
      METHOD("pidNamespace", pid_namespace),
  };
  return DEFINE(env, exports, methods);
}
