/* Node-API: checks arguments, turns ipc_error into JavaScript errors. Not a public
 * interface: only @ipc/core and @ipc/signals call it, so a wrong argument is a bug there. */
#include "binding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- one environment ---------------------------------------------------------- */

/* A mapping as an environment holds it: closed with it, freed with its ArrayBuffer. */
typedef struct open_file {
  struct open_file *next, **link;
  ipc_mapping *mapping;
} open_file;

typedef struct {
  open_file *files;
  ipc_sink *sink;
  napi_threadsafe_function doorbell;
  napi_ref on_wake;
  bool leaving;
} environment;

enum { WAKES_AT_ONCE = 64 };

static environment *environment_of(napi_env env) {
  void *data = NULL;
  napi_get_instance_data(env, &data);
  return data;
}

/* ---- arguments and results -------------------------------------------------------- */

#define CHECK(call) \
  if ((call) != napi_ok) return NULL

static napi_value bug(napi_env env, const char *what) {
  napi_throw_type_error(env, "ERR_IPC_INTERNAL", what);
  return NULL;
}

static bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given >= count) return true;
  bug(env, "native call: too few arguments");
  return false;
}

static int32_t int_of(napi_env env, napi_value value) {
  int32_t result = 0;
  napi_get_value_int32(env, value, &result);
  return result;
}

static double double_of(napi_env env, napi_value value) {
  double result = 0;
  napi_get_value_double(env, value, &result);
  return result;
}

static bool bool_of(napi_env env, napi_value value) {
  bool result = false;
  napi_get_value_bool(env, value, &result);
  return result;
}

static napi_value int_value(napi_env env, int32_t value) {
  napi_value result = NULL;
  napi_create_int32(env, value, &result);
  return result;
}

static napi_value bool_value(napi_env env, bool value) {
  napi_value result = NULL;
  napi_get_boolean(env, value, &result);
  return result;
}

static napi_value string_value(napi_env env, const char *value) {
  napi_value result = NULL;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
  return result;
}

static napi_value ints_value(napi_env env, const int32_t *values, int count) {
  napi_value result = NULL;
  napi_create_array_with_length(env, (size_t)count, &result);
  for (int i = 0; i < count; i++) napi_set_element(env, result, (uint32_t)i, int_value(env, values[i]));
  return result;
}

static void set(napi_env env, napi_value object, const char *name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

static napi_value get(napi_env env, napi_value object, const char *name) {
  napi_value value = NULL;
  napi_get_named_property(env, object, name, &value);
  return value;
}

static void ints_of(napi_env env, napi_value array, int32_t *out, int count) {
  for (int i = 0; i < count; i++) {
    napi_value element;
    if (napi_get_element(env, array, (uint32_t)i, &element) == napi_ok) out[i] = int_of(env, element);
  }
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

static ipc_domain *domain_of(napi_env env, napi_value value) {
  ipc_domain *domain = ipc_domain_at(int_of(env, value));
  if (domain == NULL) bug(env, "native call: no such domain");
  return domain;
}

static open_file *file_of(napi_env env, napi_value value) {
  void *file = NULL;
  if (napi_get_value_external(env, value, &file) != napi_ok) bug(env, "native call: not an open file");
  return file;
}

/* ---- domains and agents -------------------------------------------------------------- */

/* openDomain(path | null, threadId, mode, join) → { index, path, self }; 0 without `join` */
static napi_value open_domain(napi_env env, napi_callback_info info) {
  napi_value argument[4];
  if (!arguments(env, info, 4, argument)) return NULL;
  char path[4096];
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
  if (!arguments(env, info, 1, argument)) return NULL;
  ipc_domain *domain = domain_of(env, argument[0]);
  if (domain == NULL) return NULL;
  CHECK(napi_create_external_arraybuffer(env, domain->registry, sizeof *domain->registry, NULL, NULL,
                                         &buffer));
  return buffer;
}

/* isDead(domain, agent) */
static napi_value is_dead(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  if (!arguments(env, info, 2, argument)) return NULL;
  ipc_domain *domain = domain_of(env, argument[0]);
  return domain == NULL ? NULL : bool_value(env, ipc_agent_is_dead(domain, int_of(env, argument[1])));
}

/* ---- files ------------------------------------------------------------------------------ */

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
  if (!arguments(env, info, 2, argument)) return NULL;
  ipc_domain *domain = domain_of(env, argument[0]);
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
  file->mapping = ipc_file_open(domain, &request, &created, &e);
  if (file->mapping == NULL) {
    free(file);
    return ipc_throw(env, &e);
  }
  environment *here = environment_of(env);
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
  if (!arguments(env, info, 3, argument)) return NULL;
  open_file *file = file_of(env, argument[0]);
  if (file == NULL) return NULL;
  double offset = double_of(env, argument[1]), length = double_of(env, argument[2]);
  if (offset < 0 || length < 0 || offset + length > (double)file->mapping->bytes)
    return bug(env, "view: out of bounds");
  ipc_mapping_retain(file->mapping);
  CHECK(napi_create_external_arraybuffer(env, (char *)file->mapping->words + (size_t)offset,
                                         (size_t)length, finalize_buffer, file->mapping, &buffer));
  return buffer;
}

static napi_value close_object(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!arguments(env, info, 1, argument)) return NULL;
  open_file *file = file_of(env, argument[0]);
  if (file == NULL) return NULL;
  unlink_file(file);
  close_mapping(file->mapping);
  return NULL;
}

static napi_value is_linked(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!arguments(env, info, 1, argument)) return NULL;
  open_file *file = file_of(env, argument[0]);
  return file == NULL ? NULL : bool_value(env, ipc_file_is_linked(file->mapping));
}

/* unlink(domain, file, force) → whether it existed */
static napi_value unlink_object(napi_env env, napi_callback_info info) {
  napi_value argument[3];
  if (!arguments(env, info, 3, argument)) return NULL;
  ipc_domain *domain = domain_of(env, argument[0]);
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
  if (!arguments(env, info, 1, argument)) return NULL;
  open_file *file = file_of(env, argument[0]);
  if (file == NULL) return NULL;
  ipc_error e = {0};
  int descriptors[2];
  if (!ipc_bequeath(file->mapping, descriptors, &e)) return ipc_throw(env, &e);
  return ints_value(env, descriptors, 2);
}

/* hasHeirs(domain, agent) */
static napi_value has_heirs(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  if (!arguments(env, info, 2, argument)) return NULL;
  ipc_domain *domain = domain_of(env, argument[0]);
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
  if (!arguments(env, info, 2, argument)) return NULL;
  ipc_domain *domain = domain_of(env, argument[0]);
  if (domain == NULL) return NULL;
  listing to = {.env = env, .with_data = bool_of(env, argument[1])};
  CHECK(napi_create_array(env, &to.array));
  ipc_error e = {0};
  return ipc_file_list(domain, list_file, &to, &e) ? to.array : ipc_throw(env, &e);
}

static napi_value prune(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!arguments(env, info, 1, argument)) return NULL;
  ipc_domain *domain = domain_of(env, argument[0]);
  if (domain == NULL) return NULL;
  listing to = {.env = env};
  CHECK(napi_create_array(env, &to.array));
  ipc_error e = {0};
  return ipc_file_prune(domain, list_name, &to, &e) ? to.array : ipc_throw(env, &e);
}

/* ---- sleeping ----------------------------------------------------------------------------- */

static bool word_in(napi_env env, const open_file *file, int index) {
  if (index >= 0 && (size_t)index < file->mapping->bytes / 4) return true;
  bug(env, "native call: no such word");
  return false;
}

/* park(external, index, expected, roster, timeoutMs, interruptible, sequence) → ipc_park_result */
static napi_value park(napi_env env, napi_callback_info info) {
  napi_value argument[7];
  if (!arguments(env, info, 7, argument)) return NULL;
  open_file *file = file_of(env, argument[0]);
  int index = int_of(env, argument[1]);
  if (file == NULL || !word_in(env, file, index)) return NULL;
  return int_value(env, ipc_park(file->mapping, index, int_of(env, argument[2]),
                                 int_of(env, argument[3]), double_of(env, argument[4]),
                                 bool_of(env, argument[5]), int_of(env, argument[6])));
}

/* wake(external, index, count) → how many */
static napi_value wake(napi_env env, napi_callback_info info) {
  napi_value argument[3];
  if (!arguments(env, info, 3, argument)) return NULL;
  open_file *file = file_of(env, argument[0]);
  int index = int_of(env, argument[1]);
  if (file == NULL || !word_in(env, file, index)) return NULL;
  return int_value(env, ipc_wake(&file->mapping->words[index], int_of(env, argument[2])));
}

/* ticket(external, index, expected, roster, id) */
static napi_value ticket(napi_env env, napi_callback_info info) {
  napi_value argument[5];
  if (!arguments(env, info, 5, argument)) return NULL;
  open_file *file = file_of(env, argument[0]);
  int index = int_of(env, argument[1]);
  if (file == NULL || !word_in(env, file, index)) return NULL;
  ipc_error e = {0};
  if (!ipc_ticket(environment_of(env)->sink, file->mapping, index, int_of(env, argument[2]),
                  int_of(env, argument[3]), int_of(env, argument[4]), &e))
    return ipc_throw(env, &e);
  return NULL;
}

static napi_value cancel_ticket(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!arguments(env, info, 1, argument)) return NULL;
  ipc_ticket_cancel(environment_of(env)->sink, int_of(env, argument[0]));
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
  int32_t ids[WAKES_AT_ONCE];
  int count;
  while ((count = ipc_sink_take(here->sink, ids, WAKES_AT_ONCE)) > 0) {
    napi_value callback, receiver, argument = ints_value(env, ids, count);
    if (napi_get_reference_value(env, here->on_wake, &callback) != napi_ok ||
        napi_get_global(env, &receiver) != napi_ok ||
        napi_call_function(env, receiver, callback, 1, &argument, NULL) != napi_ok)
      return; /* it threw: an uncaught exception, as anywhere in a callback */
  }
}

/* onWake(callback): called with the ids of tickets whose callers must look again */
static napi_value on_wake(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!arguments(env, info, 1, argument)) return NULL;
  environment *here = environment_of(env);
  if (here->on_wake != NULL) napi_delete_reference(env, here->on_wake);
  CHECK(napi_create_reference(env, argument[0], 1, &here->on_wake));
  return NULL;
}

/* withoutWaitv(flag), for tests */
static napi_value without_waitv(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  if (!arguments(env, info, 1, argument)) return NULL;
  ipc_without_waitv(bool_of(env, argument[0]));
  return NULL;
}

/* ---- the module ------------------------------------------------------------------------------ */

/* The agent first: a place in an opener table that is given up by a living owner
 * hides its end from those who are about to sleep. */
static void leave(void *data) {
  environment *here = data;
  here->leaving = true;
  ipc_agent_leave();
  ipc_sink_close(here->sink);
  while (here->files != NULL) {
    ipc_mapping *mapping = here->files->mapping;
    unlink_file(here->files);
    close_mapping(mapping);
  }
}

/* With the doorbell, which outlives everything else that knows the environment. */
static void free_environment(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  free(data);
}

static napi_value init(napi_env env, napi_value exports) {
  environment *here = calloc(1, sizeof *here);
  if (here == NULL || (here->sink = ipc_sink_new(ring_doorbell, here)) == NULL)
    return bug(env, "load: out of memory");
  CHECK(napi_set_instance_data(env, here, NULL, NULL));
  CHECK(napi_create_threadsafe_function(env, NULL, NULL, string_value(env, "ipc"), 0, 1, here,
                                        free_environment, here, answer_doorbell, &here->doorbell));
  CHECK(napi_unref_threadsafe_function(env, here->doorbell));
  CHECK(napi_add_env_cleanup_hook(env, leave, here));

#define METHOD(name, function) \
  (napi_property_descriptor) { name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL }
  napi_property_descriptor methods[] = {
      METHOD("openDomain", open_domain), METHOD("registry", registry_of), METHOD("isDead", is_dead),
      METHOD("open", open_object),       METHOD("view", view),
      METHOD("close", close_object),     METHOD("isLinked", is_linked),
      METHOD("unlink", unlink_object),   METHOD("list", list),
      METHOD("prune", prune),            METHOD("park", park),
      METHOD("wake", wake),              METHOD("ticket", ticket),
      METHOD("cancelTicket", cancel_ticket), METHOD("onWake", on_wake),
      METHOD("withoutWaitv", without_waitv), METHOD("mayBequeath", may_bequeath),
      METHOD("bequeath", bequeath),      METHOD("hasHeirs", has_heirs),
  };
  CHECK(napi_define_properties(env, exports, sizeof methods / sizeof *methods, methods));
  if (!ipc_define_signals(env, exports)) return bug(env, "load: signals");
  if (!ipc_define_commands(env, exports)) return bug(env, "load: commands");

  napi_value signals;
  CHECK(napi_create_external_arraybuffer(env, &ipc_signal_sequence, sizeof ipc_signal_sequence, NULL,
                                         NULL, &signals));
  set(env, exports, "signals", signals);
  set(env, exports, "pid", int_value(env, getpid()));

  napi_value layout; /* offsets in words */
  CHECK(napi_create_object(env, &layout));
  set(env, layout, "slots", int_value(env, (int32_t)(offsetof(ipc_registry, slot) / 4)));
  set(env, layout, "slotWords", int_value(env, sizeof(ipc_slot) / 4));
  int liveness = ipc_liveness_offset(); /* -1 where the kernel has no robust futexes */
  set(env, layout, "liveness", int_value(env, liveness < 0 ? -1 : liveness / 4));
  set(env, layout, "generation", int_value(env, offsetof(ipc_slot, generation) / 4));
  set(env, layout, "pid", int_value(env, offsetof(ipc_slot, pid) / 4));
  set(env, layout, "tid", int_value(env, offsetof(ipc_slot, tid) / 4));
  set(env, layout, "threadId", int_value(env, offsetof(ipc_slot, thread_id) / 4));
  set(env, layout, "notes", int_value(env, offsetof(ipc_slot, notes) / 4));
  set(env, layout, "poison", int_value(env, IPC_WORD_POISON));
  set(env, layout, "roster", int_value(env, IPC_WORD_ROSTER));
  set(env, layout, "data", int_value(env, IPC_WORD_DATA));
  set(env, exports, "layout", layout);
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
