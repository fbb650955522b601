/* Tickets: an environment asks for a sleep, or does not want it any more. */
#include "sleep/parker.h"

#include <errno.h>
#include <stdlib.h>

enum { MAX_PARKERS = 64 };

/* The parkers that stand in a mapping's opener table. */
typedef struct joined {
  struct joined *next;
  ipc_mapping *mapping;
  parker *parker;
  ipc_agent agent;
} joined;

static pthread_mutex_t parkers_lock = PTHREAD_MUTEX_INITIALIZER; /* over the two below */
static parker *parkers[MAX_PARKERS];
static joined *joinings;

/* Only tickets that wait take a place among the words; the finished ones are swept some time. */
static int waiting_tickets(const parker *p) {
  int waiting = 0;
  for (ticket *t = p->tickets; t != NULL; t = t->next) waiting += atomic_load(&t->state) == WAITING;
  return waiting;
}

static bool has_room(parker *p, const ipc_domain *domain) {
  pthread_mutex_lock(&p->lock);
  bool room = (p->count < TICKETS_PER_PARKER || waiting_tickets(p) < TICKETS_PER_PARKER) &&
              (ipc_parker_agent(p, domain) != 0 || p->members < DOMAINS_PER_PARKER);
  pthread_mutex_unlock(&p->lock);
  return room;
}

/* The code is the same for both: the caller can do no more than wait or ask for less. The second one
 * has an errno and a syscall too, and tells of the limits that the user can raise. */
static parker *refuse_all_busy(ipc_error *e) {
  ipc_fail(e, "ERR_IPC_FULL", NULL,
           "wait asynchronously: all %d parking threads of this process are busy (each serves %d "
           "sleeps at a time, in %d directories)",
           MAX_PARKERS, TICKETS_PER_PARKER, DOMAINS_PER_PARKER);
  return NULL;
}

static parker *refuse_no_thread(int running, ipc_error *e) {
  ipc_fail_errno(
      e, "ERR_IPC_FULL", "pthread_create", NULL,
      "wait asynchronously: a parking thread cannot be started (%d run, of at most %d; limits are "
      "ulimit -u, the cgroup's pids.max, and memory)",
      running, MAX_PARKERS);
  return NULL;
}

/* The caller holds parkers_lock, so that the room stays until the ticket is in. */
static parker *find_parker(const ipc_domain *domain, ipc_error *e) {
  for (int i = 0; i < MAX_PARKERS; i++) {
    if (parkers[i] == NULL) parkers[i] = ipc_parker_start();
    if (parkers[i] == NULL) return refuse_no_thread(i, e);
    if (has_room(parkers[i], domain)) return parkers[i];
  }
  return refuse_all_busy(e);
}

static ipc_agent become_member(parker *p, ipc_domain *domain, ipc_error *e) {
  pthread_mutex_lock(&p->lock);
  ipc_agent agent = ipc_parker_agent(p, domain);
  if (agent == 0) {
    p->attach = domain;
    ipc_parker_call(p);
    while (p->attach != NULL) ipc_parker_await(p);
    agent = ipc_parker_agent(p, domain);
    if (agent == 0) *e = p->attach_error;
  }
  pthread_mutex_unlock(&p->lock);
  return agent;
}

static bool join_once(parker *p, ipc_mapping *mapping, ipc_error *e) {
  for (joined *j = joinings; j != NULL; j = j->next)
    if (j->mapping == mapping && j->parker == p) return true;
  ipc_agent agent = become_member(p, mapping->domain, e);
  if (agent == 0 || !ipc_join(mapping, agent, e)) return false;
  joined *j = malloc(sizeof *j);
  if (j == NULL) {
    ipc_leave(mapping, agent);
    return ipc_fail_errno(e, NULL, "malloc", NULL, "wait asynchronously");
  }
  *j = (joined){.next = joinings, .mapping = mapping, .parker = p, .agent = agent};
  joinings = j;
  return true;
}

bool ipc_ticket(ipc_sink *sink, ipc_mapping *mapping, const ipc_ticket_request *request,
                ipc_error *e) {
  ticket *t = calloc(1, sizeof *t);
  if (t == NULL) {
    errno = ENOMEM;
    return ipc_fail_errno(e, NULL, "malloc", NULL, "wait asynchronously");
  }
  pthread_mutex_lock(&parkers_lock);
  parker *p = find_parker(mapping->domain, e);
  bool ok = p != NULL && join_once(p, mapping, e);
  if (ok) {
    ipc_mapping_retain(mapping);
    ipc_sink_retain(sink);
    t->sink = sink;
    t->mapping = mapping;
    t->word = &mapping->words[request->index];
    t->expected = request->expected;
    t->roster = request->roster;
    t->name = request->name;
    t->has_looked = request->has_looked;
    t->since = ipc_now_ns();
    pthread_mutex_lock(&p->lock);
    t->next = p->tickets;
    p->tickets = t;
    p->count++;
    p->stale = true;
    ipc_parker_call(p);
    pthread_mutex_unlock(&p->lock);
  }
  pthread_mutex_unlock(&parkers_lock);
  if (!ok) free(t);
  return ok;
}

/* Cancels the tickets that wait; those that have rung are already out of the thread's hands. With
 * `wait`, returns when the thread has let go of the words and passed on the wakes that it consumed. That
 * includes the tickets that were cancelled before, because the thread may still sleep on their words. */
static void cancel(const ipc_sink *sink, const int32_t *id, const ipc_mapping *mapping, bool wait) {
  pthread_mutex_lock(&parkers_lock);
  for (int i = 0; i < MAX_PARKERS && parkers[i] != NULL; i++) {
    parker *p = parkers[i];
    bool any = false;
    pthread_mutex_lock(&p->lock);
    for (ticket *t = p->tickets; t != NULL; t = t->next) {
      if ((sink != NULL && t->sink != sink) || (id != NULL && t->name.id != *id) ||
          (mapping != NULL && t->mapping != mapping))
        continue;
      ticket_state state = WAITING;
      if (atomic_compare_exchange_strong(&t->state, &state, CANCELLED) || state == CANCELLED)
        any = true;
    }
    if (any) {
      ipc_parker_call(p);
      for (uint32_t sweep = p->sweeps; wait && p->sweeps == sweep;) ipc_parker_await(p);
    }
    pthread_mutex_unlock(&p->lock);
  }
  pthread_mutex_unlock(&parkers_lock);
}

void ipc_ticket_cancel(ipc_sink *sink, int32_t id) { cancel(sink, &id, NULL, false); }

void ipc_tickets_cancel_all(ipc_sink *sink) { cancel(sink, NULL, NULL, false); }

/* Ends the sleeps first, then gives up the places: as long as the thread may consume a wake of this
 * file, its death must be seen there. */
void ipc_parkers_forget(ipc_mapping *mapping) {
  cancel(NULL, NULL, mapping, true);
  pthread_mutex_lock(&parkers_lock);
  for (joined **link = &joinings; *link != NULL;) {
    joined *j = *link;
    if (j->mapping != mapping) {
      link = &j->next;
      continue;
    }
    ipc_leave(mapping, j->agent);
    *link = j->next;
    free(j);
  }
  pthread_mutex_unlock(&parkers_lock);
}
