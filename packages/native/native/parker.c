/* Parking threads: they sleep for asynchronous waits, many words to a thread.
 *
 * A ticket is one sleep of one environment:
 *
 *   WAITING    the parking thread sleeps on its word
 *   RUNG       its environment was told, and has 2 ms to take it from the sink
 *   PASSED     it did not: the wake, if there was one, went to another sleeper
 *   TAKEN      its environment has it; may be freed
 *   CANCELLED  its environment does not want it; may be freed. If the thread has slept on
 *              the word since, it may have consumed a wake, and passes one on
 *
 * A wake may be consumed unseen when two words are woken at once, because the
 * kernel names only one. That is harmless: the ticket's word is then what it was,
 * waiting bit and all, so going on sleeping is what the caller would do too.
 *
 * A parking thread is an agent in every domain it sleeps in, and stands in the
 * opener table of every file: it may be the one whom the kernel wakes on a death.
 */
#include "ipc.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
  TICKETS_PER_PARKER = 100,
  /* control, a nudge per domain, the tickets, and the rest for whom it watches */
  DOMAINS_PER_PARKER = 4,
  WATCHED_PER_PARKER = IPC_SLEEP_MAX - 1 - DOMAINS_PER_PARKER - TICKETS_PER_PARKER,
  MAX_PARKERS = 64,
};
static const uint64_t CONFIRM_NS = 2 * 1000 * 1000, CROWDED_NS = 10 * 1000 * 1000,
                      RECHECK_NS = IPC_RECHECK_MS * 1000000ull,
                      LONGEST_NS = 1000 * 1000 * 1000; /* then its caller looks by itself */

typedef enum { WAITING, RUNG, PASSED, TAKEN, CANCELLED } ticket_state;

typedef struct ticket {
  struct ticket *next;       /* in its parker */
  struct ticket *next_rung;  /* in its sink */
  ipc_sink *sink;
  ipc_mapping *mapping;
  ipc_word *word;
  int32_t expected, roster;
  int32_t id;
  _Atomic ticket_state state;
  bool slept_on;
  bool idle; /* rung only because it has waited long */
  uint64_t since; /* when it began to wait, then when it was rung */
} ticket;

typedef struct {
  ipc_domain *domain;
  ipc_agent agent;
  int32_t nudged;
} membership;

typedef struct parker {
  pthread_mutex_t lock; /* over everything here that is not atomic */
  ipc_word control;     /* bumped when there is something to look at */
  atomic_bool asleep;
  ipc_word progress;    /* bumped when it has attached, or removed what is finished */
  int watchers;         /* who sleep on that */
  ticket *tickets;
  int count;
  uint32_t sweeps;      /* how often finished tickets were removed */
  membership member[DOMAINS_PER_PARKER];
  int members;
  ipc_domain *attach; /* a domain to become an agent of */
  ipc_error attach_error;
  /* whom it watches: made again when a ticket's roster is not the one of the list */
  ipc_watched watched[WATCHED_PER_PARKER];
  int watching;
  bool stale, crowded;
} parker;

/* Which parkers stand in a mapping's opener table. */
typedef struct joined {
  struct joined *next;
  ipc_mapping *mapping;
  parker *parker;
  ipc_agent agent;
} joined;

struct ipc_sink {
  pthread_mutex_t lock;
  int refs; /* under `lock`: its environment, and its tickets */
  bool closed;
  ticket *first, *last;
  void (*ring)(void *context);
  void *context;
};

static pthread_mutex_t parkers_lock = PTHREAD_MUTEX_INITIALIZER; /* over the two below */
static parker *parkers[MAX_PARKERS];
static joined *joinings;

/* ---- sinks ------------------------------------------------------------------- */

ipc_sink *ipc_sink_new(void (*ring)(void *context), void *context) {
  ipc_sink *sink = calloc(1, sizeof *sink);
  if (sink == NULL) return NULL;
  pthread_mutex_init(&sink->lock, NULL);
  sink->refs = 1;
  sink->ring = ring;
  sink->context = context;
  return sink;
}

static void release_sink(ipc_sink *sink) {
  pthread_mutex_lock(&sink->lock);
  bool last = --sink->refs == 0;
  pthread_mutex_unlock(&sink->lock);
  if (!last) return;
  pthread_mutex_destroy(&sink->lock);
  free(sink);
}

/* A ticket in a sink's list belongs to the sink until it is taken out there. */
static void ring(ticket *t, uint64_t now) {
  ipc_sink *sink = t->sink;
  pthread_mutex_lock(&sink->lock);
  if (sink->closed) {
    atomic_store(&t->state, CANCELLED);
  } else {
    t->since = now;
    t->next_rung = NULL;
    atomic_store(&t->state, RUNG);
    bool was_empty = sink->first == NULL;
    if (was_empty)
      sink->first = t;
    else
      sink->last->next_rung = t;
    sink->last = t;
    if (was_empty) sink->ring(sink->context);
  }
  pthread_mutex_unlock(&sink->lock);
}

int ipc_sink_take(ipc_sink *sink, int32_t *ids, int max) {
  int count = 0;
  pthread_mutex_lock(&sink->lock);
  while (sink->first != NULL && count < max) {
    ticket *t = sink->first;
    sink->first = t->next_rung;
    if (atomic_load(&t->state) != CANCELLED) ids[count++] = t->idle ? -t->id : t->id;
    atomic_store(&t->state, TAKEN); /* the parker may free it from here on */
  }
  pthread_mutex_unlock(&sink->lock);
  return count;
}

/* ---- waiting for the thread ----------------------------------------------------- */

/* A condition variable, for the parker's lock. Not pthread's: glibc has two kinds under one name,
 * and a binary that serves every C library would get the one of 2002. */
static void tell_progress(parker *p) {
  atomic_fetch_add(&p->progress, 1);
  if (p->watchers > 0) ipc_wake_all(&p->progress);
}

/* The word is read under the lock that it is bumped under, so no progress is slept through. */
static void await_progress(parker *p) {
  ipc_sleep progress = {&p->progress, atomic_load(&p->progress)};
  p->watchers++;
  pthread_mutex_unlock(&p->lock);
  ipc_sleep_on(&progress, 1, ipc_now_ns() + LONGEST_NS);
  pthread_mutex_lock(&p->lock);
  p->watchers--;
}

/* ---- the thread ---------------------------------------------------------------- */

static void free_ticket(ticket *t) {
  ipc_mapping_release(t->mapping);
  release_sink(t->sink);
  free(t);
}

static bool is_watched(const parker *p, const ipc_word *word) {
  for (int i = 0; i < p->watching; i++)
    if (p->watched[i].word == word) return true;
  return false;
}

static void add_watched(void *context, ipc_watched watched) {
  parker *p = context;
  if (watched.by_heirs) p->crowded = true;
  if (is_watched(p, watched.word)) return;
  if (p->watching == WATCHED_PER_PARKER) p->crowded = true;
  else
    p->watched[p->watching++] = watched;
}

static ipc_agent agent_in(const parker *p, const ipc_domain *domain) {
  for (int i = 0; i < p->members; i++)
    if (p->member[i].domain == domain) return p->member[i].agent;
  return 0;
}

static bool mapping_was_seen(const parker *p, const ticket *until) {
  for (ticket *t = p->tickets; t != until; t = t->next)
    if (t->mapping == until->mapping && atomic_load(&t->state) == WAITING) return true;
  return false;
}

/* The union of whom the waiting tickets must watch. Collecting takes the dead out
 * of a table and bumps its roster, so that its tickets ring by themselves. */
static void make_list(parker *p) {
  p->watching = 0;
  p->crowded = false;
  p->stale = false;
  for (ticket *t = p->tickets; t != NULL; t = t->next)
    if (atomic_load(&t->state) == WAITING && !mapping_was_seen(p, t))
      ipc_watch_collect(t->mapping, agent_in(p, t->mapping->domain), add_watched, p);
}

static void remove_finished(parker *p) {
  for (ticket **link = &p->tickets; *link != NULL;) {
    ticket *t = *link;
    ticket_state state = atomic_load(&t->state);
    if (state != TAKEN && state != CANCELLED) {
      link = &t->next;
      continue;
    }
    if (state == CANCELLED && t->slept_on) ipc_wake(t->word, 1);
    *link = t->next;
    p->count--;
    free_ticket(t);
  }
  p->sweeps++;
  tell_progress(p);
}

/* Rings what must be looked at again, and passes on what nobody takes; returns when
 * to look next, at the latest: a process that is stopped may have been given the wake
 * that was meant for one of ours. */
static uint64_t look_at_tickets(parker *p, uint64_t now) {
  uint64_t next = now + (p->crowded ? CROWDED_NS : RECHECK_NS);
  for (ticket *t = p->tickets; t != NULL; t = t->next) {
    ticket_state state = atomic_load(&t->state);
    if (state == WAITING) {
      t->idle = now >= t->since + LONGEST_NS;
      if (t->idle || atomic_load(t->word) != t->expected ||
          atomic_load(&t->mapping->words[IPC_WORD_ROSTER]) != t->roster)
        ring(t, now);
      state = atomic_load(&t->state);
    }
    if (state != RUNG) continue;
    if (now < t->since + CONFIRM_NS) {
      if (t->since + CONFIRM_NS < next) next = t->since + CONFIRM_NS;
    } else if (atomic_compare_exchange_strong(&t->state, &state, PASSED)) {
      ipc_wake(t->word, 1);
    }
  }
  return next;
}

static void attach(parker *p) {
  if (p->attach == NULL) return;
  memset(&p->attach_error, 0, sizeof p->attach_error);
  ipc_agent agent = ipc_agent_self(p->attach, &p->attach_error);
  if (agent != 0)
    p->member[p->members++] = (membership){.domain = p->attach, .agent = agent};
  p->attach = NULL;
  tell_progress(p);
}

static ticket *waiting_on(parker *p, const ipc_word *word) {
  for (ticket *t = p->tickets; t != NULL; t = t->next)
    if (t->word == word && atomic_load(&t->state) == WAITING) return t;
  return NULL;
}

/* One look at everything, and one sleep. */
static void turn(parker *p) {
  ipc_sleep words[IPC_SLEEP_MAX];
  int count = 0;
  pthread_mutex_lock(&p->lock);
  words[count++] = (ipc_sleep){&p->control, atomic_load(&p->control)};
  attach(p);
  remove_finished(p);
  for (int i = 0; i < p->members; i++) { /* before the list: see the protocol in ipc.h */
    membership *m = &p->member[i];
    ipc_word *nudge = &m->domain->registry->slot[ipc_agent_slot(m->agent)].nudge;
    int32_t nudged = atomic_load(nudge);
    if (nudged != m->nudged) p->stale = true;
    m->nudged = nudged;
    words[count++] = (ipc_sleep){nudge, nudged};
  }
  if (p->stale || p->crowded) make_list(p);
  uint64_t deadline = look_at_tickets(p, ipc_now_ns());
  int first = count;
  for (ticket *t = p->tickets; t != NULL; t = t->next)
    if (atomic_load(&t->state) == WAITING) {
      words[count++] = (ipc_sleep){t->word, t->expected};
      t->slept_on = true;
    }
  int liveness = count;
  for (int i = 0; i < p->watching; i++)
    words[count++] = (ipc_sleep){p->watched[i].word, p->watched[i].alive};
  atomic_store(&p->asleep, true);
  pthread_mutex_unlock(&p->lock);

  int woken = ipc_sleep_on(words, count, deadline);
  atomic_store(&p->asleep, false);

  pthread_mutex_lock(&p->lock);
  if (woken >= first && woken < liveness) {
    ticket *t = waiting_on(p, words[woken].word);
    if (t != NULL)
      ring(t, ipc_now_ns());
    else
      ipc_wake(words[woken].word, 1); /* its ticket is gone; the wake is for somebody */
  }
  if (woken >= liveness || woken == IPC_SLEEP_CHANGED)
    for (int i = 0; i < p->watching; i++)
      if (atomic_load(p->watched[i].word) != p->watched[i].alive) {
        ipc_wake_all(p->watched[i].word);
        p->stale = true;
      }
  pthread_mutex_unlock(&p->lock);
}

static void *run(void *context) {
  ipc_set_thread_id(-1);
  for (;;) turn(context);
  return NULL;
}

/* Under the parker's lock. */
static void call(parker *p) {
  atomic_fetch_add(&p->control, 1);
  if (atomic_load(&p->asleep)) ipc_wake(&p->control, 1);
}

static parker *start(void) {
  parker *p = calloc(1, sizeof *p);
  if (p == NULL) return NULL;
  pthread_mutex_init(&p->lock, NULL);
  p->stale = true;
  sigset_t all, before;
  sigfillset(&all);
  pthread_t thread;
  pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the other threads */
  int failed = pthread_create(&thread, NULL, run, p);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed) {
    free(p);
    return NULL;
  }
  pthread_setname_np(thread, "ipc-parker");
  pthread_detach(thread);
  return p;
}

/* ---- tickets --------------------------------------------------------------------- */

/* Only those that wait take a place among the words; the finished ones are swept some time. */
static int waiting_tickets(const parker *p) {
  int waiting = 0;
  for (ticket *t = p->tickets; t != NULL; t = t->next) waiting += atomic_load(&t->state) == WAITING;
  return waiting;
}

static bool has_room(parker *p, const ipc_domain *domain) {
  pthread_mutex_lock(&p->lock);
  bool room = (p->count < TICKETS_PER_PARKER || waiting_tickets(p) < TICKETS_PER_PARKER) &&
              (agent_in(p, domain) != 0 || p->members < DOMAINS_PER_PARKER);
  pthread_mutex_unlock(&p->lock);
  return room;
}

/* Under parkers_lock, so that the room stays until the ticket is in. */
static parker *find_parker(const ipc_domain *domain) {
  for (int i = 0; i < MAX_PARKERS; i++) {
    if (parkers[i] == NULL) parkers[i] = start();
    if (parkers[i] == NULL) return NULL;
    if (has_room(parkers[i], domain)) return parkers[i];
  }
  return NULL;
}

static ipc_agent become_member(parker *p, ipc_domain *domain, ipc_error *e) {
  pthread_mutex_lock(&p->lock);
  ipc_agent agent = agent_in(p, domain);
  if (agent == 0) {
    p->attach = domain;
    call(p);
    while (p->attach != NULL) await_progress(p);
    agent = agent_in(p, domain);
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

bool ipc_ticket(ipc_sink *sink, ipc_mapping *mapping, int index, int32_t expected, int32_t roster,
                int32_t id, ipc_error *e) {
  ticket *t = calloc(1, sizeof *t);
  if (t == NULL) {
    errno = ENOMEM;
    return ipc_fail_errno(e, NULL, "malloc", NULL, "wait asynchronously");
  }
  pthread_mutex_lock(&parkers_lock);
  parker *p = find_parker(mapping->domain);
  bool ok = p != NULL && join_once(p, mapping, e);
  if (p == NULL)
    ipc_fail(e, "ERR_IPC_FULL", NULL, "wait asynchronously: %d parking threads are busy or cannot start",
             MAX_PARKERS);
  if (ok) {
    ipc_mapping_retain(mapping);
    pthread_mutex_lock(&sink->lock);
    sink->refs++;
    pthread_mutex_unlock(&sink->lock);
    t->sink = sink;
    t->mapping = mapping;
    t->word = &mapping->words[index];
    t->expected = expected;
    t->roster = roster;
    t->id = id;
    t->since = ipc_now_ns();
    pthread_mutex_lock(&p->lock);
    t->next = p->tickets;
    p->tickets = t;
    p->count++;
    p->stale = true;
    call(p);
    pthread_mutex_unlock(&p->lock);
  }
  pthread_mutex_unlock(&parkers_lock);
  if (!ok) free(t);
  return ok;
}

/* Cancels what waits; what has rung is already out of the thread's hands. With `wait`,
 * returns when the thread has let go of the words and passed on what it consumed. */
static void cancel(const ipc_sink *sink, const int32_t *id, const ipc_mapping *mapping, bool wait) {
  pthread_mutex_lock(&parkers_lock);
  for (int i = 0; i < MAX_PARKERS && parkers[i] != NULL; i++) {
    parker *p = parkers[i];
    bool any = false;
    pthread_mutex_lock(&p->lock);
    for (ticket *t = p->tickets; t != NULL; t = t->next) {
      if ((sink != NULL && t->sink != sink) || (id != NULL && t->id != *id) ||
          (mapping != NULL && t->mapping != mapping))
        continue;
      ticket_state state = WAITING;
      if (atomic_compare_exchange_strong(&t->state, &state, CANCELLED)) any = true;
    }
    if (any) {
      call(p);
      for (uint32_t sweep = p->sweeps; wait && p->sweeps == sweep;) await_progress(p);
    }
    pthread_mutex_unlock(&p->lock);
  }
  pthread_mutex_unlock(&parkers_lock);
}

void ipc_ticket_cancel(ipc_sink *sink, int32_t id) { cancel(sink, &id, NULL, false); }

void ipc_sink_close(ipc_sink *sink) {
  pthread_mutex_lock(&sink->lock);
  sink->closed = true;
  for (ticket *t = sink->first; t != NULL;) {
    ticket *next = t->next_rung;
    ipc_wake(t->word, 1); /* the wake it was rung for, if nobody has it yet */
    atomic_store(&t->state, TAKEN);
    t = next;
  }
  sink->first = NULL;
  pthread_mutex_unlock(&sink->lock);
  cancel(sink, NULL, NULL, false);
  release_sink(sink);
}

/* First the sleeps, then the places: as long as the thread may consume a wake of
 * this file, its death must be seen there. */
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
