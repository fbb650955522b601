/* Arguments and results of JavaScript functions, in C.
 *
 * Any call may be cut short: worker.terminate() comes at whatever instruction, and from then on every
 * question to JavaScript fails, also in the middle of reading a request. A value that was not read is no
 * answer (a file once lost its data because "no options" was believed). So every function here
 *
 *   reads all its arguments | sees that `ok` still holds, or returns | decides, acts | makes its result
 *
 * and a call that fails before the third step has done nothing. A wrong argument is a bug of @ipc/core
 * or @ipc/signals; it throws a TypeError.
 */
#ifndef IPC_VALUES_H
#define IPC_VALUES_H

#include <node_api.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CHECK(call)                                                                                \
  if ((call) != napi_ok) return NULL

static inline napi_value bug(napi_env env, const char *what) {
  napi_throw_type_error(env, "ERR_IPC_INTERNAL", what);
  return NULL;
}

/* ---- arguments --------------------------------------------------------------------------- */

enum { MOST_ARGUMENTS = 7 };

/* `ok` is false from the first failure on: an exception is pending, or the thread is being ended. */
typedef struct {
  napi_env env;
  bool ok;
  napi_value value[MOST_ARGUMENTS];
} arguments;

/* Keeps the exception that there is, such as one that a getter threw. */
static inline void refuse(arguments *a, const char *what) {
  bool pending = false;
  if (a->ok && napi_is_exception_pending(a->env, &pending) == napi_ok && !pending)
    bug(a->env, what);
  a->ok = false;
}

static inline arguments arguments_of(napi_env env, napi_callback_info info, size_t count) {
  arguments a = {.env = env, .ok = true};
  size_t given = MOST_ARGUMENTS;
  if (napi_get_cb_info(env, info, &given, a.value, NULL, NULL) != napi_ok || given < count)
    refuse(&a, "native call: too few arguments");
  return a;
}

static inline int32_t int_of(arguments *a, napi_value value) {
  int32_t result = 0;
  if (a->ok && napi_get_value_int32(a->env, value, &result) != napi_ok)
    refuse(a, "native call: not a number");
  return a->ok ? result : 0;
}

static inline double double_of(arguments *a, napi_value value) {
  double result = 0;
  if (a->ok && napi_get_value_double(a->env, value, &result) != napi_ok)
    refuse(a, "native call: not a number");
  return a->ok ? result : 0;
}

static inline bool bool_of(arguments *a, napi_value value) {
  bool result = false;
  if (a->ok && napi_get_value_bool(a->env, value, &result) != napi_ok)
    refuse(a, "native call: not a boolean");
  return a->ok && result;
}

static inline napi_valuetype type_of(arguments *a, napi_value value) {
  napi_valuetype type = napi_undefined;
  if (a->ok && napi_typeof(a->env, value, &type) != napi_ok)
    refuse(a, "native call: a value of no type");
  return a->ok ? type : napi_undefined;
}

/* A string that does not fit is cut off, and must then be refused for its length. */
static inline void string_of(arguments *a, napi_value value, char *to, size_t size) {
  size_t length = 0;
  to[0] = '\0';
  if (a->ok && napi_get_value_string_utf8(a->env, value, to, size, &length) != napi_ok)
    refuse(a, "native call: not a string");
  if (a->ok && strlen(to) != length) refuse(a, "native call: a string with a NUL in it");
}

/* A property of an object. */
static inline napi_value get(arguments *a, napi_value object, const char *name) {
  napi_value value = NULL;
  if (a->ok && (napi_get_named_property(a->env, object, name, &value) != napi_ok || value == NULL))
    refuse(a, "native call: not an object");
  return value;
}

static inline bool is_array(arguments *a, napi_value value) {
  bool result = false;
  if (a->ok && napi_is_array(a->env, value, &result) != napi_ok)
    refuse(a, "native call: a value of no type");
  return a->ok && result;
}

static inline void ints_of(arguments *a, napi_value array, int32_t *out, uint32_t count) {
  uint32_t length = 0;
  if (a->ok && (!is_array(a, array) || napi_get_array_length(a->env, array, &length) != napi_ok ||
                length != count))
    refuse(a, "native call: not an array of that length");
  for (uint32_t i = 0; a->ok && i < count; i++) {
    napi_value element = NULL;
    if (napi_get_element(a->env, array, i, &element) != napi_ok)
      refuse(a, "native call: an array without elements");
    else
      out[i] = int_of(a, element);
  }
}

/* Externals begin with a mark that tells one kind from another; NULL if it is not there. */
static inline void *external_of(arguments *a, napi_value value, int32_t mark) {
  void *data = NULL;
  if (type_of(a, value) == napi_external &&
      napi_get_value_external(a->env, value, &data) == napi_ok && *(const int32_t *)data == mark)
    return data;
  refuse(a, "native call: an external of another kind, or none");
  return NULL;
}

static inline int32_t int_at(arguments *a, int index) { return int_of(a, a->value[index]); }
static inline double double_at(arguments *a, int index) { return double_of(a, a->value[index]); }
static inline bool bool_at(arguments *a, int index) { return bool_of(a, a->value[index]); }

static inline napi_value function_at(arguments *a, int index) {
  if (type_of(a, a->value[index]) != napi_function) refuse(a, "native call: not a function");
  return a->value[index];
}

/* ---- results: NULL when they cannot be made, which makes what contains them NULL -------------- */

static inline napi_value int_value(napi_env env, int32_t value) {
  napi_value result = NULL;
  return napi_create_int32(env, value, &result) == napi_ok ? result : NULL;
}

static inline napi_value bool_value(napi_env env, bool value) {
  napi_value result = NULL;
  return napi_get_boolean(env, value, &result) == napi_ok ? result : NULL;
}

static inline napi_value string_value(napi_env env, const char *value) {
  napi_value result = NULL;
  return napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result) == napi_ok ? result : NULL;
}

static inline bool put(napi_env env, napi_value array, uint32_t index, napi_value value) {
  return value != NULL && napi_set_element(env, array, index, value) == napi_ok;
}

static inline napi_value ints_value(napi_env env, const int32_t *values, int count) {
  napi_value result = NULL;
  bool ok = napi_create_array_with_length(env, (size_t)count, &result) == napi_ok;
  for (int i = 0; ok && i < count; i++)
    ok = put(env, result, (uint32_t)i, int_value(env, values[i]));
  return ok ? result : NULL;
}

static inline bool set(napi_env env, napi_value object, const char *name, napi_value value) {
  return value != NULL && napi_set_named_property(env, object, name, value) == napi_ok;
}

#define METHOD(name, function)                                                                     \
  (napi_property_descriptor) { name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL }
#define DEFINE(env, object, methods)                                                               \
  (napi_define_properties(env, object, sizeof(methods) / sizeof *(methods), methods) == napi_ok)

#endif
