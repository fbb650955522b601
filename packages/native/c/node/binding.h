/* The files that make JavaScript functions share this. It is not a public interface: only @ipc/core and
 * @ipc/signals call them, so a wrong argument is a bug there. */
#ifndef IPC_BINDING_H
#define IPC_BINDING_H

#include "ipc.h"
#include "node/values.h"

/* A mapping as an environment holds it: closed with it, freed with its ArrayBuffer. */
typedef struct open_file {
  int32_t mark;
  struct open_file *next, **link;
  ipc_mapping *mapping;
  bool has_finalizer; /* JavaScript frees it */
} open_file;

typedef struct realm realm;

/* One JavaScript thread. */
typedef struct {
  open_file *files;
  ipc_sink *sink;
  napi_threadsafe_function doorbell;
  int keepers;         /* how many keep its event loop alive by the doorbell */
  int32_t last_ticket; /* ids are the thread's: two realms must not use one twice */
  realm *realms;       /* newest first */
  int32_t last_realm;
  bool leaving;
} environment;

environment *ipc_environment_of(napi_env env);

/* Throws the error as JavaScript knows it; returns NULL. */
napi_value ipc_throw(napi_env env, const ipc_error *e);
/* NULL when there is none; then the arguments are refused. */
ipc_domain *ipc_domain_argument(arguments *a, int index);
open_file *ipc_file_argument(arguments *a, int index);

/* Closes all files of an environment that ends. */
void ipc_close_files(environment *here);
/* Makes the sink of an environment, and the bell that calls its JavaScript. */
bool ipc_make_doorbell(napi_env env, environment *here);

/* Tells each realm which of its tickets have rung; the first exception is kept in `error`. */
void ipc_tell_realms(napi_env env, environment *here, ipc_ticket_name *rung, int count,
                     napi_value *error);
void ipc_free_realms(environment *here);

/* Each adds what one file has. */
bool ipc_define_files(napi_env env, napi_value exports);
bool ipc_define_sleep(napi_env env, napi_value exports);
bool ipc_define_realms(napi_env env, napi_value exports);
bool ipc_define_signals(napi_env env, napi_value exports);
bool ipc_define_commands(napi_env env, napi_value exports);
bool ipc_define_directories(napi_env env, napi_value exports);

#endif
