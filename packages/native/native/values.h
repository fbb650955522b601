/* Arguments and results of JavaScript functions, in C. A wrong argument is a bug of @ipc/core
 * or @ipc/signals: it becomes some value, never a crash. */
#ifndef IPC_VALUES_H
#define IPC_VALUES_H

#include <node_api.h>

#include <stdbool.h>
#include <stdint.h>

#define CHECK(call) \
  if ((call) != napi_ok) return NULL

static inline napi_value bug(napi_env env, const char *what) {
  napi_throw_type_error(env, "ERR_IPC_INTERNAL", what);
  return NULL;
}

static inline bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given >= count) return true;
  bug(env, "native call: too few arguments");
  return false;
}

static inline int32_t int_of(napi_env env, napi_value value) {
  int32_t result = 0;
  napi_get_value_int32(env, value, &result);
  return result;
}

static inline double double_of(napi_env env, napi_value value) {
  double result = 0;
  napi_get_value_double(env, value, &result);
  return result;
}

static inline bool bool_of(napi_env env, napi_value value) {
  bool result = false;
  napi_get_value_bool(env, value, &result);
  return result;
}

static inline napi_value int_value(napi_env env, int32_t value) {
  napi_value result = NULL;
  napi_create_int32(env, value, &result);
  return result;
}

static inline napi_value bool_value(napi_env env, bool value) {
  napi_value result = NULL;
  napi_get_boolean(env, value, &result);
  return result;
}

static inline napi_value string_value(napi_env env, const char *value) {
  napi_value result = NULL;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
  return result;
}

static inline napi_value ints_value(napi_env env, const int32_t *values, int count) {
  napi_value result = NULL;
  napi_create_array_with_length(env, (size_t)count, &result);
  for (int i = 0; i < count; i++) napi_set_element(env, result, (uint32_t)i, int_value(env, values[i]));
  return result;
}

static inline void set(napi_env env, napi_value object, const char *name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

static inline napi_value get(napi_env env, napi_value object, const char *name) {
  napi_value value = NULL;
  napi_get_named_property(env, object, name, &value);
  return value;
}

static inline void ints_of(napi_env env, napi_value array, int32_t *out, int count) {
  for (int i = 0; i < count; i++) {
    napi_value element;
    if (napi_get_element(env, array, (uint32_t)i, &element) == napi_ok) out[i] = int_of(env, element);
  }
}

/* Externals begin with a mark that tells one kind from another; NULL and an error if it is not there. */
static inline void *external_of(napi_env env, napi_value value, int32_t mark) {
  void *data = NULL;
  napi_valuetype type;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_external &&
      napi_get_value_external(env, value, &data) == napi_ok && *(const int32_t *)data == mark)
    return data;
  bug(env, "native call: an external of another kind, or none");
  return NULL;
}

#define METHOD(name, function) \
  (napi_property_descriptor) { name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL }
#define DEFINE(env, object, methods) \
  (napi_define_properties(env, object, sizeof(methods) / sizeof *(methods), methods) == napi_ok)

#endif
