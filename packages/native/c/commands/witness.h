/* A witness: a process beside the command that tells which signals went to more than this
 * process: witness.c. Main thread only. */
#ifndef IPC_WITNESS_H
#define IPC_WITNESS_H

#include "ipc.h"

enum { IPC_SIGNALS = 64 };

typedef struct {
  pid_t pid; /* 0: there is none */
  int question, answer;
} ipc_witness;

/* How many of each signal the witness got since it was last asked. */
typedef struct {
  uint32_t of[IPC_SIGNALS + 1];
} ipc_testimony;

/* Starts one in the process group of this process. It can fail for want of processes or memory;
 * then there is none, and `ipc_ask_witness` answers false. */
void ipc_call_witness(ipc_witness *witness);
bool ipc_ask_witness(ipc_witness *witness, ipc_testimony *testimony);
void ipc_dismiss_witness(ipc_witness *witness);

#endif
