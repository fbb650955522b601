/* Running another program and waiting for it, or becoming it. Main thread only. */
#ifndef IPC_COMMAND_H
#define IPC_COMMAND_H

#include "ipc.h"

typedef struct {
  int exit_code; /* -1: it was ended by a signal */
  int signal;    /* 0: it ended by itself */
} ipc_command_end;

/* Starts argv[0] (looked for in $PATH) with default dispositions and an empty mask, and
 * waits for its end. Signals that this process gets meanwhile are passed on to it, unless
 * the terminal sent them: then the whole foreground group had them. Standard input
 * and output, and descriptors that are not close-on-exec, are inherited. `started` is called with its pid. */
bool ipc_command_run(char *const argv[], void (*started)(void *context, pid_t pid), void *context,
                     ipc_command_end *end, ipc_error *e);

/* Replaces this process by argv[0]; returns only to say why it cannot. */
void ipc_command_become(char *const argv[], ipc_error *e);

#endif
