/* Passing signals on to a command: forward.c. Main thread only. */
#ifndef IPC_FORWARD_H
#define IPC_FORWARD_H

#include "ipc.h"

/* To be called in this order: catch, start the command, let through, wait (which returns when the
 * command has ended and is not reaped yet), give back. Between the first and the last every signal that
 * somebody may send on purpose is noted instead of doing what it did. */
bool ipc_signals_catch(void);
void ipc_signals_let_through(pid_t command);
void ipc_signals_forward_until_end(pid_t command);
void ipc_signals_give_back(void);

/* From now on a signal whose default is to end a process ends this one: Node.js opens its
 * debugger at SIGUSR1, and the kernel spares a process 1 that has no handler. */
void ipc_signals_end_us(void);

#endif
