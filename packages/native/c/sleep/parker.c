/* A parking thread sleeps on the words of its tickets, many at once.
 *
 * A wake may be consumed unseen when two words are woken at once, because the
 * kernel names only one. That is harmless: the ticket's word is then what it was,
 * waiting bit and all, so going on sleeping is what the caller would do too.
 *
 * A parking thread is an agent in every domain it sleeps in, and stands in the
 * opener table of every file: it may be the one whom the kernel wakes on a death.
 */
#include "sleep/parker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t MS = 1000 * 1000;
static const uint64_t CONFIRM_NS = 2 * MS, CROWDED_NS = 10 * MS;
static const uint64_t LONGEST_NS = 1000 * MS; /* then its caller looks by itself once more */
enum { MOST_PASSES = 8 }; /* the last after CONFIRM_NS << 7: a quarter of a second */

/* ---- progress, for those who wait for the thread -------------------------------------- */

/* A condition variable, for the parker's lock. Not pthread's: glibc has two kinds under one name,
 * and a binary that serves every C library would get the one of 2002. */
static void tell_progress(parker *p) {
  atomic_fetch_add(&p->progress, 1);
  if (p->watchers > 0) ipc_wake_all(&p->progress);
}

/* The word is read under the lock that it is bumped under, so no progress is slept through. */
void ipc_parker_await(parker *p) {
  ipc_sleep progress = {&p->progress, atomic_load(&p->progress)};
  p->watchers++;
  pthread_mutex_unlock(&p->lock);
  ipc_sleep_on(&progress, 1, ipc_now_ns() + LONGEST_NS);
  pthread_mutex_lock(&p->lock);
  p->watchers--;
}

/* ---- the thread -------------------------------------------------------------------------- */

static void free_ticket(ticket *t) {
  ipc_mapping_release(t->mapping);
  ipc_sink_release(t->sink);
  free(t);
}

static bool is_watched(const parker *p, const ipc_word *word) {
  for (int i = 0; i < p->watching; i++)
    if (p->watched[i].word == word) return true;
  return false;
}

static void add_watched(void *context, ipc_watched watched) {
  parker *p = context;
  if (watched.silent) p->crowded = true;
  if (is_watched(p, watched.word)) return;
  if (p->watching == WATCHED_PER_PARKER)
    p->crowded = true;
  else
    p->watched[p->watching++] = watched;
}

ipc_agent ipc_parker_agent(const parker *p, const ipc_domain *domain) {
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
      ipc_watch_collect(t->mapping, ipc_parker_agent(p, t->mapping->domain), add_watched, p);
}

static ticket *waiting_on(parker *p, const ipc_word *word) {
  for (ticket *t = p->tickets; t != NULL; t = t->next)
    if (t->word == word && atomic_load(&t->state) == WAITING) return t;
  return NULL;
}

/* Passes a wake on to a sleeper on the word, and to one of our own tickets as well: while this thread is
 * awake, a wake of the word does not reach it. Returns whether there is such a ticket. */
static bool pass_on(parker *p, ipc_word *word, uint64_t now) {
  ipc_wake(word, 1);
  ticket *t = waiting_on(p, word);
  if (t != NULL) ipc_sink_ring(t->sink, t, now);
  return t != NULL;
}

static void remove_finished(parker *p) {
  for (ticket **link = &p->tickets; *link != NULL;) {
    ticket *t = *link;
    ticket_state state = atomic_load(&t->state);
    if (state != TAKEN && state != CANCELLED) {
      link = &t->next;
      continue;
    }
    if (state == CANCELLED && t->slept_on) pass_on(p, t->word, ipc_now_ns());
    *link = t->next;
    p->count--;
    free_ticket(t);
  }
  p->sweeps++;
  tell_progress(p);
}

/* How long a ticket waits before its caller looks by itself. The first time it is as long as for a
 * blocked thread: an agent that is stopped may stand between two steps, or the word may be kept for it,
 * and only the caller knows. Then it is longer: anything new changes the word, and this thread sees
 * that. */
static uint64_t patience(const ticket *t, uint64_t recheck) {
  return t->has_looked && recheck < LONGEST_NS ? LONGEST_NS : recheck;
}

/* Rings the tickets whose callers must look again, and passes on the wakes that nobody takes. Returns
 * when to look next, at the latest: a process that is stopped may have been given the wake that was
 * meant for one of ours. */
static uint64_t look_at_tickets(parker *p, uint64_t now) {
  uint64_t recheck = (uint64_t)ipc_recheck_ms() * MS;
  uint64_t next = now + (p->crowded ? CROWDED_NS : recheck);
  for (ticket *t = p->tickets; t != NULL; t = t->next) {
    ticket_state state = atomic_load(&t->state);
    if (state == WAITING) {
      uint64_t due = t->since + patience(t, recheck);
      t->idle = now >= due;
      if (!t->idle && due < next) next = due;
      if (t->idle || atomic_load(t->word) != t->expected ||
          atomic_load(&t->mapping->words[IPC_WORD_ROSTER]) != t->roster)
        ipc_sink_ring(t->sink, t, now);
      state = atomic_load(&t->state);
    }
    if ((state != RUNG && state != PASSED) || t->passes == MOST_PASSES) continue;
    if (now >= t->since + (CONFIRM_NS << t->passes)) {
      if (state == RUNG && !atomic_compare_exchange_strong(&t->state, &state, PASSED)) continue;
      t->passes++;
      if (pass_on(p, t->word, now) && now + CONFIRM_NS < next) next = now + CONFIRM_NS;
    }
    uint64_t again = t->since + (CONFIRM_NS << t->passes);
    if (t->passes < MOST_PASSES && again < next) next = again;
  }
  return next;
}

static void attach(parker *p) {
  if (p->attach == NULL) return;
  memset(&p->attach_error, 0, sizeof p->attach_error);
  ipc_agent agent = ipc_agent_self(p->attach, &p->attach_error);
  if (agent != 0) p->member[p->members++] = (membership){.domain = p->attach, .agent = agent};
  p->attach = NULL;
  tell_progress(p);
}

/* Without tickets there is nothing to look at, and nobody else will call. */
static uint64_t be_idle(parker *p) {
  p->watching = 0;
  p->stale = true;
  return UINT64_MAX;
}

/* One look at everything, and one sleep. */
static void turn(parker *p) {
  ipc_sleep words[IPC_SLEEP_MAX];
  int count = 0;
  ipc_robust_mend();
  pthread_mutex_lock(&p->lock);
  words[count++] = (ipc_sleep){&p->control, atomic_load(&p->control)};
  attach(p);
  remove_finished(p);
  bool idle = p->tickets == NULL;
  for (int i = 0; i < p->members && !idle; i++) { /* before the list: see the protocol in ipc.h */
    membership *m = &p->member[i];
    ipc_word *nudge = &m->domain->registry->slot[ipc_agent_slot(m->agent)].nudge;
    int32_t nudged = atomic_load(nudge);
    if (nudged != m->nudged) p->stale = true;
    m->nudged = nudged;
    words[count++] = (ipc_sleep){nudge, nudged};
  }
  if (!idle && (p->stale || p->crowded)) make_list(p);
  uint64_t deadline = idle ? be_idle(p) : look_at_tickets(p, ipc_now_ns());
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
      ipc_sink_ring(t->sink, t, ipc_now_ns());
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

void ipc_parker_call(parker *p) {
  atomic_fetch_add(&p->control, 1);
  if (atomic_load(&p->asleep)) ipc_wake(&p->control, 1);
}

parker *ipc_parker_start(void) {
  parker *p = calloc(1, sizeof *p);
  if (p == NULL) return NULL; /* errno is ENOMEM */
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
    errno = failed;
    return NULL;
  }
  pthread_setname_np(thread, "ipc-parker");
  pthread_detach(thread);
  return p;
}
