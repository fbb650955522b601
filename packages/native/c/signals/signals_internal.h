/* The declarations that signals.c, dispositions.c, masks.c and threads.c share, and nobody else. */
#ifndef IPC_SIGNALS_INTERNAL_H
#define IPC_SIGNALS_INTERNAL_H

#include "signals/signals.h"

#include <signal.h>

/* Sent to a thread to make it block what is evicted. Its default action is to do nothing, so one that
 * comes late does no harm. */
enum { IPC_CARRIER = SIGURG };

static inline ipc_signal_set ipc_signal_bit(int number) {
  return (ipc_signal_set)1 << (number - 1);
}

ipc_signal_set ipc_signal_set_of(const sigset_t *signals);
sigset_t ipc_signals_of(ipc_signal_set set);

/* ---- signals.c ---- */

extern pid_t ipc_main_tid;

/* The handler goes by these; the main thread writes them. */
extern _Atomic ipc_signal_set ipc_signals_caught;    /* JavaScript wants to know of them */
extern _Atomic ipc_signal_set ipc_signals_masked;    /* blocked, wherever they are held */
extern _Atomic ipc_signal_set ipc_signals_shut_in;   /* the main thread blocks them in the kernel */
extern _Atomic ipc_signal_set ipc_signals_throttled; /* so, because the ring is nearly full */
extern _Atomic ipc_signal_set ipc_signals_evicted;   /* other threads are to block them */
/* Node's handler for the signal, called after ours; all of libuv's are one plain function. */
extern void (*_Atomic ipc_signal_chained[IPC_SIGNALS + 1])(int);
/* How many threads have answered. */
extern atomic_int ipc_evictions;

void ipc_on_signal(int number, siginfo_t *info, void *context);
/* Only we can make a carrier that is obeyed. */
bool ipc_send_carrier(pid_t tid);

/* ---- dispositions.c ---- */

void ipc_dispositions_start(ipc_signal_set listened);
/* Sets the disposition that is right now, after a change of what is asked, of the mask, or of who
 * carries. */
bool ipc_signal_put(int number);
/* Node's disposition, where something of ours is in force. */
const struct sigaction *ipc_signal_of_node(int number);

/* ---- masks.c ---- */

bool ipc_carrying(void);
/* Gives the carrier back if all have answered. */
void ipc_carrier_rest(void);

/* ---- threads.c ---- */

typedef enum {
  IPC_THREAD_BLOCKS, /* all of the set, or it was asked and has not answered yet */
  IPC_THREAD_ASKABLE,
  IPC_THREAD_AWAKE, /* nobody can say whose it is until it sleeps */
  IPC_THREAD_OTHERS,
} ipc_thread_kind;

/* Calls `each` for every other thread of the process; false if they cannot be known. */
bool ipc_threads_each(ipc_signal_set set, void (*each)(pid_t tid, ipc_thread_kind kind, void *data),
                      void *data);
/* How many there are, or 0; changes when one starts or ends. */
long ipc_threads_count(void);

#endif
