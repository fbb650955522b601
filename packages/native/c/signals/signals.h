/*
 * Signals: what the kernel is told, and how a delivery reaches JavaScript.
 *
 * A caught signal runs one handler, which puts a record into a ring and, if the loop does not know
 * yet, one byte into a pipe that the event loop reads. JavaScript takes the records, either when the
 * loop wakes it or from inside a blocking wait (ipc_signal_sequence has changed then).
 *
 * Our handler is in force for every signal that is handled or blocked, and right on whatever thread
 * the kernel runs it. So no default action of a blocked signal depends on what other threads do.
 *
 *   | our handler runs on             | it                                                        |
 *   |---------------------------------|-----------------------------------------------------------|
 *   | the main thread                 | records the signal, blocked or not: JavaScript holds what |
 *   |                                 | is blocked until that ends                                |
 *   | another thread of the process   | sends it on to the main thread with all that it says, and |
 *   |                                 | has this thread block what is evicted from now on         |
 *   | a child that still shares our   | does what the program that the child becomes would have   |
 *   | memory (vfork), or a copy of us | done: the default action, or nothing if Node ignored it.  |
 *   |                                 | The signal is the child's; a group's reaches us by itself |
 *
 * Order. The kernel prefers the main thread, unless it blocks the signal or has not yet run its
 * previous handler. A second thread that takes one then may be slower than the main thread with the
 * next one. So other threads are made to block what is handled or masked:
 *
 *   | a thread that                                | is asked by a signal | blocks after its first one |
 *   |----------------------------------------------|----------------------|----------------------------|
 *   | sleeps in code of Node's, which tolerates    | yes                  |                            |
 *   |   EINTR, or belongs to Node for certain      |                      |                            |
 *   | waits for its vfork's child, which no signal | yes                  |                            |
 *   |   cuts short                                 |                      |                            |
 *   | is of other native code, is younger than the | no                   | yes                        |
 *   |   last look, or cannot be seen (threads.c)   |                      |                            |
 *
 * Deliveries of one real-time signal are in order among all that the main thread and asked threads
 * take. A thread that was not asked can disturb that once, by the first signal that it takes.
 *
 * The mask. What is blocked is held in one of two places:
 *
 *   HELD BY US         the main thread does not block it in the kernel; the handler records it. From
 *                      ipc_signals_block on, as long as some other thread does not block it: if the
 *                      main thread did, the kernel would choose that one, and cut its sleep short
 *   HELD BY THE KERNEL every thread blocks it or is going to before it takes another signal
 *
 *   free → HELD BY US            ipc_signals_block: our handler first, then the mark `masked`
 *   HELD BY US → BY THE KERNEL   in the same call, or in a later ipc_signals_settle
 *   either → free                ipc_signals_unblock: the disposition first, then the kernel's mask, so
 *                                that what was pending does what the disposition says
 *
 * Dispositions. The table says what was asked for, and what the kernel then has:
 *
 *   | asked   | not blocked   | blocked                                |
 *   |---------|---------------|----------------------------------------|
 *   | NODE    | what Node had | our handler, unless Node ignores it    |
 *   | CATCH   | our handler   | our handler                            |
 *   | DEFAULT | SIG_DFL       | our handler                            |
 *   | IGNORE  | SIG_IGN       | SIG_IGN                                |
 *
 * Others change what the kernel has behind our back, and are noticed at the next look:
 *
 *   libuv, at the first listener and the last   ipc_signal_displaced; the signal is blocked meanwhile
 *   Node's watchdog (`vm`, breakOnSigint)       it ends by setting Node's own exit handler: put back
 *   anybody else                                said last, so it stays until ours is set again; then
 *                                               it counts as what Node had
 */
#ifndef IPC_SIGNALS_H
#define IPC_SIGNALS_H

#include "ipc.h"

enum {
  IPC_SIGNALS = 64,
  IPC_SIGNAL_RECORDS =
      1 << 14, /* unread deliveries; beyond that signals stay pending in the kernel */
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

/* To be called once, by the thread that takes all signals. Returns a descriptor to read from: one byte
 * comes whenever records came to an empty ring; the caller closes it. -1 and an error when there is none
 * to be had. `listened`: the signals that libuv has a handler for. */
int ipc_signals_start(ipc_signal_set listened, ipc_error *e);
/* Unblocks the signals that were blocked because the ring was nearly full. */
void ipc_signals_release(void);
/* Sleeps while the sequence is `sequence`, for at most `timeout_ms`; Infinity: forever. It may end
 * earlier. */
void ipc_signals_sleep(int32_t sequence, double timeout_ms);

/* ---- dispositions; the main thread only -------------------------------------------- */

/* CATCH. `chain`: Node's handler runs too. */
bool ipc_signal_catch(int number, bool chain, ipc_error *e);
/* DEFAULT or IGNORE. */
bool ipc_signal_assign(int number, bool ignore, ipc_error *e);
/* NODE. */
bool ipc_signal_give_back(int number, ipc_error *e);
/* libuv has, or may have, called sigaction: the disposition there now is Node's. `initial`: Node's last
 * listener has gone, so Node's is the one that was there before its first. One of the three functions
 * above must follow. */
bool ipc_signal_displaced(int number, bool initial, ipc_error *e);
/* Whether the kernel has what we put there, or nothing of ours; puts back what Node's watchdog took. */
bool ipc_signal_in_force(int number);
/* Node's watchdog has ended and left whatever there is now: puts ours back. */
void ipc_signal_reclaim(int number);
/* Node's disposition, whether the kernel has it now or not; or the one that others put in the place of
 * ours. */
ipc_disposition ipc_signal_disposition(int number);
/* Calls Node's handler, for a delivery that was held. */
void ipc_signal_chain(int number);

/* ---- masks; the main thread only -------------------------------------------------- */

/* Makes other threads block these, as far as the table above says. */
void ipc_signals_evict(ipc_signal_set set);
/* True: the kernel holds them. False: we do, and ipc_signals_settle is to be tried later. */
bool ipc_signals_block(ipc_signal_set set);
bool ipc_signals_settle(void);
void ipc_signals_unblock(ipc_signal_set set);
/* The main thread's own mask for a moment, and back; nothing is remembered of it. */
void ipc_signals_shut(ipc_signal_set set);
void ipc_signals_reopen(ipc_signal_set set);
/* The signals that the kernel holds. */
ipc_signal_set ipc_signals_pending(void);

#endif
