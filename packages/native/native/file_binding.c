/* Node-API for files and their names. */
#include "binding.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_MARK = 0x66696c65 };

open_file *ipc_file_argument(napi_env env, napi_value value) {
  return external_of(env, value, FILE_MARK);
}

/* ---- opening and closing -------------------------------------------------------------- */

static void unlink_file(open_file *file) {
  if (file->link == NULL) return;
  *file->link = file->next;
  if (file->next != NULL) file->next->link = file->link;
  file->link = NULL;
}

static void finalize_buffer(napi_env env, void *data, void *hint) {
  (void)env, (void)data;
  ipc_mapping_release(hint);
}

static void close_mapping(ipc_mapping *mapping) {
  ipc_parkers_forget(mapping);
  ipc_file_close(mapping);
}

static void finalize_file(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  open_file *file = data;
  if (file->link != NULL) close_mapping(file->mapping); /* nobody closed it */
  unlink_file(file);
  ipc_mapping_release(file->mapping);
  free(file);
}

/* open(domain, { file, kind, create, anonymous, hasOptions, words, options, id })
 *   → { external, buffer, created, file, words, options, id } */
static napi_value open_object(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  if (!read_arguments(env, info, 2, argument)) return NULL;
  ipc_domain *domain = ipc_domain_argument(env, argument[0]);
  if (domain == NULL) return NULL;
  napi_value asked = argument[1];
  char name[512], kind[16];
  size_t length;
  CHECK(napi_get_value_string_utf8(env, get(env, asked, "file"), name, sizeof name, &length));
  CHECK(napi_get_value_string_utf8(env, get(env, asked, "kind"), kind, sizeof kind, &length));
  ipc_open_request request = {.file = name,
                              .kind = kind,
                              .create = bool_of(env, get(env, asked, "create")),
                              .anonymous = bool_of(env, get(env, asked, "anonymous")),
                              .has_options = bool_of(env, get(env, asked, "hasOptions")),
                              .words = int_of(env, get(env, asked, "words"))};
  ints_of(env, get(env, asked, "options"), request.options, 4);
  napi_value id = get(env, asked, "id");
  bool is_array = false;
  napi_is_array(env, id, &is_array);
  request.has_id = is_array;
  if (is_array) ints_of(env, id, request.id, 2);

  ipc_error e = {0};
  bool created = false;
  open_file *file = calloc(1, sizeof *file);
  if (file == NULL) return bug(env, "open: out of memory");
  file->mark = FILE_MARK;
  file->mapping = ipc_file_open(domain, &request, &created, &e);
  if (file->mapping == NULL) {
    free(file);
    return ipc_throw(env, &e);
  }
  environment *here = ipc_environment_of(env);
  file->next = here->files;
  file->link = &here->files;
  if (here->files != NULL) here->files->link = &file->next;
  here->files = file;

  ipc_mapping *mapping = file->mapping;
  int32_t header[IPC_WORD_OPENERS];
  for (int i = 0; i < IPC_WORD_OPENERS; i++) header[i] = atomic_load(&mapping->words[i]);
  napi_value result, external, buffer;
  CHECK(napi_create_object(env, &result));
  CHECK(napi_create_external(env, file, finalize_file, NULL, &external));
  ipc_mapping_retain(mapping);
  CHECK(napi_create_external_arraybuffer(env, mapping->words, mapping->bytes, finalize_buffer, mapping,
                                         &buffer));
  set(env, result, "external", external);
  set(env, result, "buffer", buffer);
  set(env, result, "created", bool_value(env, created));
  set(env, result, "file", string_value(env, mapping->file));
  set(env, result, "words", int_value(env, header[IPC_WORD_LENGTH]));
  set(env, result, "options", ints_value(env, header + IPC_WORD_OPTIONS, 4));
  set(env, result, "id", ints_value(env, header + IPC_WORD_ID, 2));
  return result;
}

/* view(external, byteOffset, byteLength) → ArrayBuffer over a part of the data */
static napi_value view(napi_env env, napi_callback_info info) {
  napi_value argument[3], buffer;
  if (!read_arguments(env, info, 3, argument)) return NULL;
  open_file *file = ipc_file_argument(env, argument[0]);
  if (file == NULL) return NULL;
  double offset = double_of(env, argument[1]), length = double_of(env, argument[2]);
  bool inside = offset >= 0 && length >= 0 && offset + length <= (double)file->mapping->bytes;
  if (!inside) /* nor a number at all */
    return bug(env, "view: out of bounds");
  ipc_mapping_retain(file->mapping);
  CHECK(napi_create_external_arraybuffer(env, (char *)file->mapping->words + (size_t)offset,
                                         (size_t)length, finalize_buffer, file->mapping, &buffer));
  return buffer;
}

static napi_value close_object(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!read_arguments(env, info, 1, argument)) return NULL;
  open_file *file = ipc_file_argument(env, argument[0]);
  if (file == NULL) return NULL;
  unlink_file(file);
  close_mapping(file->mapping);
  return NULL;
}

static napi_value is_linked(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!read_arguments(env, info, 1, argument)) return NULL;
  open_file *file = ipc_file_argument(env, argument[0]);
  return file == NULL ? NULL : bool_value(env, ipc_file_is_linked(file->mapping));
}

/* ---- names ------------------------------------------------------------------------------ */

/* unlink(domain, file, force) → whether it existed */
static napi_value unlink_object(napi_env env, napi_callback_info info) {
  napi_value argument[3];
  if (!read_arguments(env, info, 3, argument)) return NULL;
  ipc_domain *domain = ipc_domain_argument(env, argument[0]);
  if (domain == NULL) return NULL;
  char name[512];
  size_t length;
  CHECK(napi_get_value_string_utf8(env, argument[1], name, sizeof name, &length));
  ipc_error e = {0};
  bool existed = false;
  if (!ipc_file_unlink(domain, name, bool_of(env, argument[2]), &existed, &e)) return ipc_throw(env, &e);
  return bool_value(env, existed);
}

/* mayBequeath(): agents that this thread becomes from now on may have heirs */
static napi_value may_bequeath(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  ipc_agent_may_bequeath();
  return NULL;
}

/* bequeath(external) → two descriptors for processes that are started from now on */
static napi_value bequeath(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!read_arguments(env, info, 1, argument)) return NULL;
  open_file *file = ipc_file_argument(env, argument[0]);
  if (file == NULL) return NULL;
  ipc_error e = {0};
  int descriptors[2];
  if (!ipc_bequeath(file->mapping, descriptors, &e)) return ipc_throw(env, &e);
  return ints_value(env, descriptors, 2);
}

/* hasHeirs(domain, agent) */
static napi_value has_heirs(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  if (!read_arguments(env, info, 2, argument)) return NULL;
  ipc_domain *domain = ipc_domain_argument(env, argument[0]);
  if (domain == NULL) return NULL;
  int slot = ipc_agent_slot(int_of(env, argument[1]));
  return bool_value(env, ipc_may_have_heirs(slot) && ipc_has_heirs(domain, slot));
}

typedef struct {
  napi_env env;
  napi_value array;
  uint32_t count;
  bool with_data;
} listing;

static void list_file(const ipc_file_info *file, void *context) {
  listing *to = context;
  napi_value item;
  if (napi_create_object(to->env, &item) != napi_ok) return;
  set(to->env, item, "file", string_value(to->env, file->file));
  set(to->env, item, "kind", string_value(to->env, file->kind));
  set(to->env, item, "anonymous", bool_value(to->env, file->anonymous));
  set(to->env, item, "words", int_value(to->env, file->words));
  set(to->env, item, "options", ints_value(to->env, file->options, 4));
  set(to->env, item, "openers", ints_value(to->env, file->agents, file->openers));
  set(to->env, item, "id", ints_value(to->env, file->id, 2));
  if (to->with_data) set(to->env, item, "data", ints_value(to->env, file->data, file->seen));
  napi_set_element(to->env, to->array, to->count++, item);
}

static void list_name(const char *file, void *context) {
  listing *to = context;
  napi_set_element(to->env, to->array, to->count++, string_value(to->env, file));
}

/* list(domain, withData) */
static napi_value list(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  if (!read_arguments(env, info, 2, argument)) return NULL;
  ipc_domain *domain = ipc_domain_argument(env, argument[0]);
  if (domain == NULL) return NULL;
  listing to = {.env = env, .with_data = bool_of(env, argument[1])};
  CHECK(napi_create_array(env, &to.array));
  ipc_error e = {0};
  return ipc_file_list(domain, list_file, &to, &e) ? to.array : ipc_throw(env, &e);
}

static napi_value prune(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!read_arguments(env, info, 1, argument)) return NULL;
  ipc_domain *domain = ipc_domain_argument(env, argument[0]);
  if (domain == NULL) return NULL;
  listing to = {.env = env};
  CHECK(napi_create_array(env, &to.array));
  ipc_error e = {0};
  return ipc_file_prune(domain, list_name, &to, &e) ? to.array : ipc_throw(env, &e);
}

/* ---- for the module ------------------------------------------------------------------------- */

void ipc_close_files(environment *here) {
  while (here->files != NULL) {
    ipc_mapping *mapping = here->files->mapping;
    unlink_file(here->files);
    close_mapping(mapping);
  }
}

bool ipc_define_files(napi_env env, napi_value exports) {
  napi_property_descriptor methods[] = {
      METHOD("open", open_object),     METHOD("view", view),          METHOD("close", close_object),
      METHOD("isLinked", is_linked),   METHOD("unlink", unlink_object), METHOD("list", list),
      METHOD("prune", prune),          METHOD("mayBequeath", may_bequeath),
      METHOD("bequeath", bequeath),    METHOD("hasHeirs", has_heirs),
  };
  return DEFINE(env, exports, methods);
}
