/* Blocking waits: one sleep on a word, and on everything that may end the wait. */
#include "ipc.h"

#include <stdlib.h>

ipc_word ipc_signal_sequence;

enum { RECHECK_MS = 240, NEVER_MS = 24 * 60 * 60 * 1000, CROWDED_SLICE_MS = 10 };
static atomic_int recheck_ms = RECHECK_MS;

int ipc_recheck_ms(void) { return atomic_load(&recheck_ms); }

void ipc_without_recheck(bool without) {
  atomic_store(&recheck_ms, without ? NEVER_MS : RECHECK_MS);
}

/* The agents that this thread watches because of one file, as they were at one value of its roster. */
struct ipc_watch {
  bool valid;
  bool owes;    /* it ended a sleep by a death that others must hear of too */
  bool crowded; /* more openers than the kernel takes words, or one whose end wakes nobody: look
                   again soon */
  int32_t roster;
  int count;
  ipc_watched watched[IPC_WATCH_MAX];
};

void ipc_watch_free(ipc_watch *watch) { free(watch); }

static void add_watched(void *context, ipc_watched watched) {
  ipc_watch *watch = context;
  if (watched.silent || watch->count == IPC_WATCH_MAX) watch->crowded = true;
  if (watch->count < IPC_WATCH_MAX) watch->watched[watch->count++] = watched;
}

static bool make_list(ipc_mapping *mapping, ipc_watch *watch, int32_t roster) {
  watch->valid = false;
  watch->crowded = false;
  watch->count = 0;
  if (!ipc_watch_collect(mapping, mapping->opener, add_watched, watch)) return false;
  watch->roster = roster;
  watch->valid = !watch->crowded; /* openers that found no room are checked every time */
  return true;
}

/* A liveness word has changed: all who sleep on it must look again. They are told when the caller has
 * examined its words; or before, when it sleeps again, because the next list finds the dead agent in the
 * table and takes it out. */
static ipc_park_result see_death(ipc_watch *watch) {
  watch->valid = false;
  watch->owes = true;
  return IPC_PARK_DEATH;
}

/* The kernel named one word; more may have ended the sleep. */
void ipc_pass_on_deaths(ipc_mapping *mapping) {
  ipc_watch *watch = mapping->watch;
  if (watch == NULL || !watch->owes) return;
  watch->owes = false;
  for (int i = 0; i < watch->count; i++)
    if (atomic_load(watch->watched[i].word) != watch->watched[i].alive)
      ipc_wake(watch->watched[i].word, 1);
}

static ipc_park_result what_changed(ipc_watch *watch, const ipc_sleep *words, int liveness,
                                    bool interruptible) {
  for (int i = 0; i < watch->count; i++)
    if (atomic_load(watch->watched[i].word) != watch->watched[i].alive) return see_death(watch);
  if (interruptible && atomic_load(words[liveness - 1].word) != words[liveness - 1].expected)
    return IPC_PARK_INTERRUPTED;
  return IPC_PARK_CHANGED;
}

ipc_park_result ipc_park(ipc_mapping *mapping, int index, int32_t expected, int32_t roster,
                         double timeout_ms, bool interruptible, int32_t sequence) {
  ipc_watch *watch = mapping->watch;
  if (watch == NULL) watch = mapping->watch = calloc(1, sizeof *watch);
  if (watch == NULL) return IPC_PARK_CHANGED; /* no memory: the caller looks again */

  ipc_robust_mend();
  ipc_pass_on_deaths(mapping);
  ipc_word *nudge = &mapping->domain->registry->slot[ipc_agent_slot(mapping->opener)].nudge;
  int32_t nudged = atomic_load(nudge); /* before the list: see the protocol in ipc.h */
  if (!watch->valid || watch->roster != roster)
    if (!make_list(mapping, watch, roster)) return IPC_PARK_DEATH;
  if (atomic_load(&mapping->words[IPC_WORD_ROSTER]) != roster) {
    watch->valid = false;
    return IPC_PARK_CHANGED;
  }

  ipc_sleep words[IPC_SLEEP_MAX];
  int count = 0;
  words[count++] = (ipc_sleep){&mapping->words[index], expected};
  words[count++] = (ipc_sleep){nudge, nudged};
  if (interruptible) words[count++] = (ipc_sleep){&ipc_signal_sequence, sequence};
  int liveness = count;
  for (int i = 0; i < watch->count; i++)
    words[count++] = (ipc_sleep){watch->watched[i].word, watch->watched[i].alive};

  double slice_ms = watch->crowded ? CROWDED_SLICE_MS : ipc_recheck_ms();
  bool last = timeout_ms <= slice_ms;
  uint64_t ns = (uint64_t)((last ? timeout_ms : slice_ms) * 1e6);
  int woken = ipc_sleep_on(words, count, ipc_now_ns() + ns);

  if (woken >= liveness) return see_death(watch);
  if (woken == IPC_SLEEP_CHANGED) return what_changed(watch, words, liveness, interruptible);
  if (woken == IPC_SLEPT_OUT) return last ? IPC_PARK_TIMED_OUT : IPC_PARK_CHANGED;
  if (woken == IPC_SLEEP_SIGNAL || (interruptible && woken == liveness - 1))
    return IPC_PARK_INTERRUPTED;
  return woken == 0 ? IPC_PARK_WOKEN : IPC_PARK_CHANGED;
}
