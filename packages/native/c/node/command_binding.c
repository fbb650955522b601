/* Node-API for command.h; the same rules as in binding.c. */
#include "node/binding.h"
#include "commands/command.h"
#include "commands/forward.h"

#include <stdlib.h>
#include <string.h>

static void free_strings(char **strings) {
  for (char **each = strings; each != NULL && *each != NULL; each++) free(*each);
  free(strings);
}

static char *copy_of_bytes(arguments *a, napi_value buffer) {
  void *bytes = NULL;
  size_t length = 0;
  if (napi_get_buffer_info(a->env, buffer, &bytes, &length) != napi_ok) return NULL;
  char *string = calloc(length + 1, 1);
  if (string != NULL && length > 0) memcpy(string, bytes, length);
  return string;
}

static char *copy_of_string(arguments *a, napi_value value) {
  size_t length = 0;
  bool is_buffer = false;
  if (napi_is_buffer(a->env, value, &is_buffer) == napi_ok && is_buffer)
    return copy_of_bytes(a, value);
  if (napi_get_value_string_utf8(a->env, value, NULL, 0, &length) != napi_ok) return NULL;
  char *string = calloc(length + 1, 1);
  if (string != NULL &&
      napi_get_value_string_utf8(a->env, value, string, length + 1, &length) == napi_ok)
    return string;
  free(string);
  return NULL;
}

/* NULL-terminated, of one string or buffer at least; NULL when the arguments are refused. */
static char **strings_at(arguments *a, int index) {
  uint32_t count = 0;
  napi_value array = a->value[index];
  bool ok =
      is_array(a, array) && napi_get_array_length(a->env, array, &count) == napi_ok && count > 0;
  char **strings = ok ? calloc((size_t)count + 1, sizeof *strings) : NULL;
  ok = strings != NULL;
  for (uint32_t i = 0; ok && i < count; i++) {
    napi_value element;
    ok = napi_get_element(a->env, array, i, &element) == napi_ok &&
         (strings[i] = copy_of_string(a, element)) != NULL;
  }
  if (ok) return strings;
  free_strings(strings);
  refuse(a, "native call: not an array of strings");
  return NULL;
}

/* Numbers of descriptors, and how many; NULL when the arguments are refused. */
static int *descriptors_at(arguments *a, int index, size_t *count) {
  uint32_t length = 0;
  napi_value array = a->value[index];
  bool ok = a->ok && is_array(a, array) && napi_get_array_length(a->env, array, &length) == napi_ok;
  int *descriptors = ok ? calloc((size_t)length + 1, sizeof *descriptors) : NULL;
  ok = descriptors != NULL;
  for (uint32_t i = 0; ok && i < length; i++) {
    napi_value element;
    ok = napi_get_element(a->env, array, i, &element) == napi_ok &&
         napi_get_value_int32(a->env, element, &descriptors[i]) == napi_ok;
  }
  *count = length;
  if (ok) return descriptors;
  free(descriptors);
  refuse(a, "native call: not an array of descriptors");
  return NULL;
}

static void free_command(ipc_command *command) {
  free_strings(command->argv);
  free(command->descriptors);
}

/* Both, or nothing and a refusal. */
static bool command_at(arguments *a, ipc_command *command) {
  command->argv = strings_at(a, 0);
  command->descriptors = descriptors_at(a, 1, &command->descriptor_count);
  if (a->ok) return true;
  free_command(command);
  return false;
}

typedef struct {
  napi_env env;
  napi_value callback;
} listener;

static void tell(void *context, pid_t pid) {
  listener *to = context;
  napi_value receiver, argument = int_value(to->env, pid);
  if (argument != NULL && napi_get_undefined(to->env, &receiver) == napi_ok)
    napi_call_function(to->env, receiver, to->callback, 1, &argument, NULL);
}

/* commandRun(argv, descriptors, started) → [exitCode, signal]; started(pid) must not throw */
static napi_value command_run(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 3);
  listener to = {.env = env, .callback = function_at(&a, 2)};
  ipc_command command = {0};
  if (!command_at(&a, &command)) return NULL;
  ipc_error e = {0};
  ipc_command_end end;
  bool ok = ipc_command_run(&command, tell, &to, &end, &e);
  free_command(&command);
  if (!ok) return ipc_throw(env, &e);
  return ints_value(env, (int32_t[]){end.exit_code, end.signal}, 2);
}

/* commandBecome(argv, descriptors) */
static napi_value command_become(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  ipc_command command = {0};
  if (!command_at(&a, &command)) return NULL;
  ipc_error e = {0};
  ipc_command_become(&command, &e);
  free_command(&command);
  return ipc_throw(env, &e);
}

/* commandAwait() */
static napi_value command_await(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  ipc_signals_end_us();
  return NULL;
}

bool ipc_define_commands(napi_env env, napi_value exports) {
  napi_property_descriptor methods[] = {
      METHOD("commandRun", command_run),
      METHOD("commandBecome", command_become),
      METHOD("commandAwait", command_await),
  };
  return DEFINE(env, exports, methods);
}
