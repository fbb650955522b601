/*
 * Signals: what the kernel is told, and how a delivery reaches JavaScript.
 *
 * A caught signal runs one handler, on the main thread, which puts a record into a ring and, if the
 * loop does not know yet, one byte into a pipe that the event loop reads. JavaScript takes the
 * records, either when the loop wakes it or from inside a blocking wait (ipc_signal_sequence has
 * changed then).
 *
 * Only the main thread takes signals. The kernel may give a process's signal to any thread that
 * does not block it, and prefers another one while the main thread has not yet run its previous
 * handler; then neither the order of real-time signals nor the main thread's mask would mean
 * anything. So the other threads are made to block what is caught or masked (ipc_signals_evict),
 * and one that was started since then hands what it gets on to the main thread.
 *
 * Whose disposition the kernel has for a signal:
 *
 *   NODE'S   untouched, or given back: libuv's handler, Node's own, or what was inherited
 *   CAUGHT   our handler; it calls libuv's too while `chain` is set
 *   SET      SIG_DFL or SIG_IGN, because ours said so
 *
 *   NODE'S → CAUGHT, SET     ipc_signal_catch, ipc_signal_assign; remembers what Node had
 *   CAUGHT, SET → NODE'S     ipc_signal_give_back
 *   CAUGHT, SET → NODE'S     by libuv, when the first listener comes or the last one goes:
 *                            ipc_signal_displaced, with the signal blocked meanwhile
 */
#ifndef IPC_SIGNALS_H
#define IPC_SIGNALS_H

#include "ipc.h"

enum {
  IPC_SIGNALS = 64,
  IPC_SIGNAL_RECORDS = 1 << 14, /* unread deliveries; beyond that signals stay pending in the kernel */
};

/* One delivery. `chained`: libuv's handler has run too. */
typedef struct {
  int32_t number, code, pid, uid, value, overrun, chained, spare;
} ipc_signal_record;

/*
 * Written by the handler on the main thread, read by JavaScript on the same thread, in place: one
 * producer and one consumer that the producer may interrupt anywhere, so that program order is order
 * enough for the consumer.
 *
 *   consumer: if the byte in the pipe was read, rung = 0, before it looks: what comes now rings again;
 *             takes the records from head up to tail, stores head;
 *             if throttling, and less than half of the ring is unread: ipc_signals_release
 */
typedef struct {
  atomic_uint tail, head; /* written up to, read up to; free-running */
  ipc_word rung;          /* a byte is in the pipe */
  ipc_word throttling;    /* signals are blocked because the ring is nearly full */
  ipc_word lost;          /* deliveries since the start that found no room; the others are `tail` */
  int32_t spare[3];
  ipc_signal_record record[IPC_SIGNAL_RECORDS];
} ipc_signal_ring;

extern ipc_signal_ring ipc_signals;

typedef uint64_t ipc_signal_set; /* bit number - 1 */

typedef enum { IPC_SIGNAL_DEFAULT, IPC_SIGNAL_IGNORED, IPC_SIGNAL_FUNCTION } ipc_disposition;

/* ---- receiving; the main thread only ------------------------------------------- */

/* Once, by the thread that takes all signals. A descriptor to read from, one byte whenever records
 * came to an empty ring; the caller closes it. -1 and an error when there is none to be had.
 * `listened`: those that libuv has a handler for. */
int ipc_signals_start(ipc_signal_set listened, ipc_error *e);
/* Our handler is the disposition from now on. */
bool ipc_signal_catch(int number, bool chain, ipc_error *e);
/* SIG_DFL or SIG_IGN. */
bool ipc_signal_assign(int number, bool ignore, ipc_error *e);
/* What Node had. */
bool ipc_signal_give_back(int number, ipc_error *e);
/* libuv has, or may have, called sigaction: what there is now is Node's. `initial`: Node's last
 * listener has gone, so it is what was there before the first. */
bool ipc_signal_displaced(int number, bool initial, ipc_error *e);
/* Node's, whether the kernel has it now or not. */
ipc_disposition ipc_signal_disposition(int number);
/* Blocks no more what was blocked because the ring was nearly full. */
void ipc_signals_release(void);
/* Sleeps while the sequence is `sequence`, at most so long; Infinity: for ever. May end earlier. */
void ipc_signals_sleep(int32_t sequence, double timeout_ms);

/* ---- masks; the main thread only -------------------------------------------------- */

/* Makes every other thread block these, as far as it can be reached within some milliseconds. */
void ipc_signals_evict(ipc_signal_set set);
/* The main thread's own mask: `how` as for sigprocmask; returns the one before. */
ipc_signal_set ipc_signals_mask(int how, ipc_signal_set set);
ipc_signal_set ipc_signals_pending(void);

#endif
