/* Node-API for command.h; the same rules as in binding.c. */
#include "binding.h"
#include "command.h"
#include "forward.h"

#include <stdlib.h>
#include <string.h>

static void free_strings(char **strings) {
  for (char **each = strings; each != NULL && *each != NULL; each++) free(*each);
  free(strings);
}

static char *copy_of_bytes(napi_env env, napi_value buffer) {
  void *bytes = NULL;
  size_t length = 0;
  if (napi_get_buffer_info(env, buffer, &bytes, &length) != napi_ok) return NULL;
  char *string = calloc(length + 1, 1);
  if (string != NULL && length > 0) memcpy(string, bytes, length);
  return string;
}

static char *string_of(napi_env env, napi_value value) {
  size_t length = 0;
  bool is_buffer = false;
  if (napi_is_buffer(env, value, &is_buffer) == napi_ok && is_buffer)
    return copy_of_bytes(env, value);
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return NULL;
  char *string = malloc(length + 1);
  if (string != NULL) napi_get_value_string_utf8(env, value, string, length + 1, &length);
  return string;
}

/* NULL-terminated, of one string or buffer at least; NULL and a JavaScript error otherwise. */
static char **strings_of(napi_env env, napi_value array) {
  uint32_t count = 0;
  bool is_array = false;
  if (napi_is_array(env, array, &is_array) == napi_ok && is_array)
    napi_get_array_length(env, array, &count);
  char **strings = calloc((size_t)count + 1, sizeof *strings);
  bool ok = count > 0 && strings != NULL;
  for (uint32_t i = 0; ok && i < count; i++) {
    napi_value element;
    ok = napi_get_element(env, array, i, &element) == napi_ok &&
         (strings[i] = string_of(env, element)) != NULL;
  }
  if (ok) return strings;
  free_strings(strings);
  napi_throw_type_error(env, "ERR_IPC_INTERNAL", "native call: not an array of strings");
  return NULL;
}

/* Numbers of descriptors; an empty list if that is what it is not. */
static int *descriptors_of(napi_env env, napi_value array, size_t *count) {
  uint32_t length = 0;
  bool is_array = false;
  if (napi_is_array(env, array, &is_array) == napi_ok && is_array)
    napi_get_array_length(env, array, &length);
  int *descriptors = calloc((size_t)length + 1, sizeof *descriptors);
  *count = 0;
  for (uint32_t i = 0; descriptors != NULL && i < length; i++) {
    napi_value element;
    if (napi_get_element(env, array, i, &element) == napi_ok &&
        napi_get_value_int32(env, element, &descriptors[*count]) == napi_ok)
      ++*count;
  }
  return descriptors;
}

static void free_command(ipc_command *command) {
  free_strings(command->argv);
  free(command->descriptors);
}

static bool command_of(napi_env env, napi_callback_info info, size_t count, napi_value *argument,
                       ipc_command *command) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, argument, NULL, NULL) != napi_ok) return false;
  command->argv = strings_of(env, argument[0]);
  if (command->argv == NULL) return false;
  command->descriptors = descriptors_of(env, argument[1], &command->descriptor_count);
  return true;
}

typedef struct {
  napi_env env;
  napi_value callback;
} listener;

static void tell(void *context, pid_t pid) {
  listener *to = context;
  napi_value receiver, argument;
  if (napi_get_undefined(to->env, &receiver) == napi_ok &&
      napi_create_int32(to->env, pid, &argument) == napi_ok)
    napi_call_function(to->env, receiver, to->callback, 1, &argument, NULL);
}

/* commandRun(argv, descriptors, started) → [exitCode, signal]; started(pid) must not throw */
static napi_value command_run(napi_env env, napi_callback_info info) {
  napi_value argument[3];
  ipc_command command;
  if (!command_of(env, info, 3, argument, &command)) return NULL;
  ipc_error e = {0};
  ipc_command_end end;
  listener to = {.env = env, .callback = argument[2]};
  bool ok = ipc_command_run(&command, tell, &to, &end, &e);
  free_command(&command);
  if (!ok) return ipc_throw(env, &e);
  napi_value result, code, number;
  if (napi_create_array_with_length(env, 2, &result) != napi_ok ||
      napi_create_int32(env, end.exit_code, &code) != napi_ok ||
      napi_create_int32(env, end.signal, &number) != napi_ok)
    return NULL;
  napi_set_element(env, result, 0, code);
  napi_set_element(env, result, 1, number);
  return result;
}

/* commandBecome(argv, descriptors) */
static napi_value command_become(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  ipc_command command;
  if (!command_of(env, info, 2, argument, &command)) return NULL;
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
      {"commandRun", NULL, command_run, NULL, NULL, NULL, napi_enumerable, NULL},
      {"commandBecome", NULL, command_become, NULL, NULL, NULL, napi_enumerable, NULL},
      {"commandAwait", NULL, command_await, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  return napi_define_properties(env, exports, sizeof methods / sizeof *methods, methods) == napi_ok;
}
