/* Where an environment hears of its tickets: a list, and a bell that is rung when it was empty. */
#include "sleep/parker.h"

#include <stdlib.h>

struct ipc_sink {
  pthread_mutex_t lock;
  int refs; /* under `lock`: its environment, and its tickets */
  bool closed;
  ticket *first, *last;
  void (*ring)(void *context);
  void *context;
};

ipc_sink *ipc_sink_new(void (*ring)(void *context), void *context) {
  ipc_sink *sink = calloc(1, sizeof *sink);
  if (sink == NULL) return NULL;
  pthread_mutex_init(&sink->lock, NULL);
  sink->refs = 1;
  sink->ring = ring;
  sink->context = context;
  return sink;
}

void ipc_sink_retain(ipc_sink *sink) {
  pthread_mutex_lock(&sink->lock);
  sink->refs++;
  pthread_mutex_unlock(&sink->lock);
}

void ipc_sink_release(ipc_sink *sink) {
  pthread_mutex_lock(&sink->lock);
  bool last = --sink->refs == 0;
  pthread_mutex_unlock(&sink->lock);
  if (!last) return;
  pthread_mutex_destroy(&sink->lock);
  free(sink);
}

void ipc_sink_ring(ipc_sink *sink, ticket *t, uint64_t now) {
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

int ipc_sink_take(ipc_sink *sink, ipc_ticket_name *names, int max) {
  int count = 0;
  pthread_mutex_lock(&sink->lock);
  while (sink->first != NULL && count < max) {
    ticket *t = sink->first;
    sink->first = t->next_rung;
    if (atomic_load(&t->state) != CANCELLED) {
      names[count] = t->name;
      if (t->idle) names[count].id = -t->name.id;
      count++;
    }
    atomic_store(&t->state, TAKEN); /* the parker may free it from here on */
  }
  pthread_mutex_unlock(&sink->lock);
  return count;
}

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
  ipc_tickets_cancel_all(sink);
  ipc_sink_release(sink);
}
