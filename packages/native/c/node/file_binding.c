/* Node-API for files and their names. */
#include "node/binding.h"

#include <stdlib.h>
#include <unistd.h>

enum { FILE_MARK = 0x66696c65 };

open_file *ipc_file_argument(arguments *a, int index) {
  return external_of(a, a->value[index], FILE_MARK);
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

static void close_mapping(ipc_mapping *mapping, uint64_t deadline_ns) {
  ipc_parkers_forget(mapping);
  ipc_file_close(mapping, deadline_ns);
}

static void finalize_file(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  open_file *file = data;
  if (file->link != NULL) close_mapping(file->mapping, 0); /* nobody closed it */
  unlink_file(file);
  ipc_mapping_release(file->mapping);
  free(file);
}

/* The names are kept here; the request points at them. */
typedef struct {
  ipc_open_request request;
  char file[512], kind[16];
} asked_for;

static void read_request(arguments *a, napi_value value, asked_for *asked) {
  string_of(a, get(a, value, "file"), asked->file, sizeof asked->file);
  string_of(a, get(a, value, "kind"), asked->kind, sizeof asked->kind);
  asked->request = (ipc_open_request){.file = asked->file,
                                      .kind = asked->kind,
                                      .create = bool_of(a, get(a, value, "create")),
                                      .anonymous = bool_of(a, get(a, value, "anonymous")),
                                      .has_options = bool_of(a, get(a, value, "hasOptions")),
                                      .words = int_of(a, get(a, value, "words"))};
  ints_of(a, get(a, value, "options"), asked->request.options, 4);
  napi_value owners = get(a, value, "owners");
  if (type_of(a, owners) == napi_object) ints_of(a, owners, asked->request.owners, 2);
  napi_value id = get(a, value, "id");
  asked->request.has_id = type_of(a, id) != napi_null;
  if (asked->request.has_id) ints_of(a, id, asked->request.id, 2);
}

static napi_value opened_value(napi_env env, open_file *file, bool created) {
  ipc_mapping *mapping = file->mapping;
  napi_value result, external, buffer;
  CHECK(napi_create_object(env, &result));
  CHECK(napi_create_external(env, file, finalize_file, NULL, &external));
  file->has_finalizer = true;
  ipc_mapping_retain(mapping);
  if (napi_create_external_arraybuffer(env, mapping->words, mapping->bytes, finalize_buffer,
                                       mapping, &buffer) != napi_ok) {
    ipc_mapping_release(mapping);
    return NULL;
  }
  bool ok = set(env, result, "external", external) && set(env, result, "buffer", buffer) &&
            set(env, result, "created", bool_value(env, created)) &&
            set(env, result, "file", string_value(env, mapping->file)) &&
            set(env, result, "words", int_value(env, mapping->data_words)) &&
            set(env, result, "options", ints_value(env, mapping->options, 4)) &&
            set(env, result, "id", ints_value(env, mapping->id, 2));
  return ok ? result : NULL;
}

/* open(domain, { file, kind, create, anonymous, hasOptions, words, options, owners, id })
 *   → { external, buffer, created, file, words, options, id } */
static napi_value open_object(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  ipc_domain *domain = ipc_domain_argument(&a, 0);
  asked_for asked;
  read_request(&a, a.value[1], &asked);
  if (!a.ok) return NULL;

  environment *here = ipc_environment_of(env);
  open_file *file = here == NULL ? NULL : calloc(1, sizeof *file);
  if (file == NULL) return bug(env, "open: out of memory");
  file->mark = FILE_MARK;
  ipc_error e = {0};
  bool created = false;
  file->mapping = ipc_file_open(domain, &asked.request, &created, &e);
  if (file->mapping == NULL) {
    free(file);
    return ipc_throw(env, &e);
  }
  file->next = here->files;
  file->link = &here->files;
  if (here->files != NULL) here->files->link = &file->next;
  here->files = file;

  napi_value result = opened_value(env, file, created);
  if (result == NULL) { /* nobody has it: close it now, and free it unless JavaScript will */
    unlink_file(file);
    close_mapping(file->mapping, ipc_closing_deadline());
    if (!file->has_finalizer) finalize_file(env, file, NULL);
  }
  return result;
}

/* view(external, byteOffset, byteLength) → ArrayBuffer over a part of the data */
static napi_value view(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 3);
  open_file *file = ipc_file_argument(&a, 0);
  double offset = double_at(&a, 1), length = double_at(&a, 2);
  if (!a.ok) return NULL;
  bool inside = offset >= 0 && length >= 0 && offset + length <= (double)file->mapping->bytes;
  if (!inside) /* nor a number at all */
    return bug(env, "view: out of bounds");
  ipc_mapping_retain(file->mapping);
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, (char *)file->mapping->words + (size_t)offset,
                                       (size_t)length, finalize_buffer, file->mapping,
                                       &buffer) == napi_ok)
    return buffer;
  ipc_mapping_release(file->mapping);
  return NULL;
}

static napi_value close_object(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  open_file *file = ipc_file_argument(&a, 0);
  if (!a.ok) return NULL;
  unlink_file(file);
  close_mapping(file->mapping, ipc_closing_deadline());
  return NULL;
}

static napi_value is_linked(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 1);
  open_file *file = ipc_file_argument(&a, 0);
  return a.ok ? bool_value(env, ipc_file_is_linked(file->mapping)) : NULL;
}

/* ---- names ------------------------------------------------------------------------------ */

/* unlink(domain, file, force) → whether it existed */
static napi_value unlink_object(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 3);
  ipc_domain *domain = ipc_domain_argument(&a, 0);
  char name[512];
  string_of(&a, a.value[1], name, sizeof name);
  bool force = bool_at(&a, 2);
  if (!a.ok) return NULL;
  ipc_error e = {0};
  bool existed = false;
  if (!ipc_file_unlink(domain, name, force, &existed, &e)) return ipc_throw(env, &e);
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
  arguments a = arguments_of(env, info, 1);
  open_file *file = ipc_file_argument(&a, 0);
  if (!a.ok) return NULL;
  ipc_error e = {0};
  int descriptors[2];
  if (!ipc_bequeath(file->mapping, descriptors, &e)) return ipc_throw(env, &e);
  napi_value result = ints_value(env, descriptors, 2);
  if (result == NULL) { /* nobody would close them, and an heir keeps its owner alive */
    close(descriptors[0]);
    close(descriptors[1]);
  }
  return result;
}

/* hasHeirs(domain, agent) */
static napi_value has_heirs(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  ipc_domain *domain = ipc_domain_argument(&a, 0);
  int slot = ipc_agent_slot(int_at(&a, 1));
  return a.ok ? bool_value(env, ipc_may_have_heirs(slot) && ipc_has_heirs(domain, slot)) : NULL;
}

typedef struct {
  napi_env env;
  napi_value array;
  uint32_t count;
  bool with_data;
  bool ok;
} listing;

static bool describe(napi_env env, napi_value item, const ipc_file_info *file, bool with_data) {
  return set(env, item, "file", string_value(env, file->file)) &&
         set(env, item, "kind", string_value(env, file->kind)) &&
         set(env, item, "anonymous", bool_value(env, file->anonymous)) &&
         set(env, item, "abandoned", bool_value(env, file->abandoned)) &&
         set(env, item, "words", int_value(env, file->words)) &&
         set(env, item, "options", ints_value(env, file->options, 4)) &&
         set(env, item, "openers", ints_value(env, file->agents, file->openers)) &&
         set(env, item, "id", ints_value(env, file->id, 2)) &&
         (!with_data || set(env, item, "data", ints_value(env, file->data, file->seen)));
}

static void list_file(const ipc_file_info *file, void *context) {
  listing *to = context;
  napi_value item;
  to->ok = to->ok && napi_create_object(to->env, &item) == napi_ok &&
           describe(to->env, item, file, to->with_data) &&
           put(to->env, to->array, to->count++, item);
}

static void list_name(const char *file, void *context) {
  listing *to = context;
  to->ok = to->ok && put(to->env, to->array, to->count++, string_value(to->env, file));
}

/* list(domain, withData) */
static napi_value list(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  ipc_domain *domain = ipc_domain_argument(&a, 0);
  listing to = {.env = env, .with_data = bool_at(&a, 1), .ok = true};
  if (!a.ok) return NULL;
  CHECK(napi_create_array(env, &to.array));
  ipc_error e = {0};
  if (!ipc_file_list(domain, list_file, &to, &e)) return ipc_throw(env, &e);
  return to.ok ? to.array : NULL;
}

/* prune(domain, force) → the names that it removed */
static napi_value prune(napi_env env, napi_callback_info info) {
  arguments a = arguments_of(env, info, 2);
  ipc_domain *domain = ipc_domain_argument(&a, 0);
  bool force = bool_at(&a, 1);
  listing to = {.env = env, .ok = true};
  if (!a.ok) return NULL;
  CHECK(napi_create_array(env, &to.array));
  ipc_error e = {0};
  if (!ipc_file_prune(domain, force, list_name, &to, &e)) return ipc_throw(env, &e);
  return to.ok ? to.array : NULL;
}

/* ---- for the module ------------------------------------------------------------------------- */

void ipc_close_files(environment *here) {
  uint64_t deadline_ns = ipc_closing_deadline();
  while (here->files != NULL) {
    ipc_mapping *mapping = here->files->mapping;
    unlink_file(here->files);
    close_mapping(mapping, deadline_ns);
  }
}

bool ipc_define_files(napi_env env, napi_value exports) {
  napi_property_descriptor methods[] = {
      METHOD("open", open_object),     METHOD("view", view),
      METHOD("close", close_object),   METHOD("isLinked", is_linked),
      METHOD("unlink", unlink_object), METHOD("list", list),
      METHOD("prune", prune),          METHOD("mayBequeath", may_bequeath),
      METHOD("bequeath", bequeath),    METHOD("hasHeirs", has_heirs),
  };
  return DEFINE(env, exports, methods);
}
