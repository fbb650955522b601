/* Asynchronous waits: one parking thread sleeps for many tickets of many environments.
 *
 *   tickets.c   an environment asks for a sleep, or does not want it any more
 *   parker.c    the thread that sleeps for them
 *   sink.c      where an environment hears of its tickets
 *
 * A ticket is one sleep of one environment:
 *
 *   WAITING    the parking thread sleeps on its word
 *   RUNG       its environment was told, and has 2 ms to take it from the sink
 *   PASSED     it did not: the wake, if there was one, went to another sleeper, and to another
 *              ticket; again and again, ever more seldom, for that one may only have been
 *              about to sleep
 *   TAKEN      its environment has it; may be freed
 *   CANCELLED  its environment does not want it; may be freed. If the thread has slept on
 *              the word since, it may have consumed a wake, and passes one on
 *
 * Locks are taken in this order: that of the list of parkers (tickets.c), a parker's, a sink's.
 */
#ifndef IPC_PARKER_H
#define IPC_PARKER_H

#include "ipc.h"

enum {
  TICKETS_PER_PARKER = 100,
  /* control, a nudge per domain, the tickets, and the rest for whom it watches */
  DOMAINS_PER_PARKER = 4,
  WATCHED_PER_PARKER = IPC_SLEEP_MAX - 1 - DOMAINS_PER_PARKER - TICKETS_PER_PARKER,
};

typedef enum { WAITING, RUNG, PASSED, TAKEN, CANCELLED } ticket_state;

typedef struct ticket {
  struct ticket *next;      /* in its parker */
  struct ticket *next_rung; /* in its sink */
  ipc_sink *sink;
  ipc_mapping *mapping;
  ipc_word *word;
  int32_t expected, roster;
  ipc_ticket_name name;
  _Atomic ticket_state state;
  bool slept_on;
  bool idle;       /* rung only because it has waited long */
  bool has_looked; /* then "long" is longer */
  uint64_t since;  /* when it began to wait, then when it was rung */
  int passes;      /* how often its wake was passed on */
} ticket;

/* ---- parker.c ---- */

typedef struct {
  ipc_domain *domain;
  ipc_agent agent;
  int32_t nudged;
} membership;

typedef struct parker {
  pthread_mutex_t lock; /* over everything here that is not atomic */
  ipc_word control;     /* bumped when there is something to look at */
  atomic_bool asleep;
  ipc_word progress; /* bumped when it has attached, or removed what is finished */
  int watchers;      /* how many sleep on that */
  ticket *tickets;
  int count;
  uint32_t sweeps; /* how often finished tickets were removed */
  membership member[DOMAINS_PER_PARKER];
  int members;
  ipc_domain *attach; /* a domain to become an agent of */
  ipc_error attach_error;
  /* The agents that it watches: the list is made again when a ticket's roster is not the one of the
   * list. */
  ipc_watched watched[WATCHED_PER_PARKER];
  int watching;
  bool stale, crowded;
} parker;

/* NULL and errno when no thread can be started. */
parker *ipc_parker_start(void);
/* Makes it look; under its lock. */
void ipc_parker_call(parker *p);
/* Releases its lock until there was progress (or for no reason). */
void ipc_parker_await(parker *p);
/* Its agent in the domain, 0 if it has none; under its lock. */
ipc_agent ipc_parker_agent(const parker *p, const ipc_domain *domain);

/* ---- tickets.c ---- */

/* Cancels all tickets of an environment that wait; those that were rung are out of reach. */
void ipc_tickets_cancel_all(ipc_sink *sink);

/* ---- sink.c ---- */

void ipc_sink_retain(ipc_sink *sink);
void ipc_sink_release(ipc_sink *sink);
/* WAITING -> RUNG, or CANCELLED when the sink is closed; under the parker's lock. A rung
 * ticket belongs to the sink too, until it is taken out there. */
void ipc_sink_ring(ipc_sink *sink, ticket *t, uint64_t now);

#endif
