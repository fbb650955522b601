/* Running another program and waiting for it, or becoming it. Main thread only. */
#ifndef IPC_COMMAND_H
#define IPC_COMMAND_H

#include "ipc.h"

typedef struct {
  int exit_code; /* -1: it was ended by a signal */
  int signal;    /* 0: it ended by itself */
} ipc_command_end;

typedef struct {
  char **argv;      /* argv[0] is looked for in $PATH */
  int *descriptors; /* inherited even if they are close-on-exec; closed ones are none */
  size_t descriptor_count;
} ipc_command;

/* Starts the command with default dispositions and an empty mask, and waits for its end. Signals that
 * this process gets meanwhile are passed on to it, unless it has got them itself: forward.c. It inherits
 * the named descriptors and all that are not close-on-exec. `started` is called with its pid. */
bool ipc_command_run(const ipc_command *command, void (*started)(void *context, pid_t pid),
                     void *context, ipc_command_end *end, ipc_error *e);

/* Replaces this process by the command; returns only to say why it cannot. */
void ipc_command_become(const ipc_command *command, ipc_error *e);

#endif
