/* What the files that make JavaScript functions share. */
#ifndef IPC_BINDING_H
#define IPC_BINDING_H

#include "ipc.h"

#include <node_api.h>

/* Throws the error as JavaScript knows it; returns NULL. */
napi_value ipc_throw(napi_env env, const ipc_error *e);
/* Adds what signals_binding.c has. */
bool ipc_define_signals(napi_env env, napi_value exports);
/* Adds what command_binding.c has. */
bool ipc_define_commands(napi_env env, napi_value exports);

#endif
