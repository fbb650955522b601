/* The opener table: who watches whom. The protocol is in ipc.h. */
#include "ipc.h"

#include <linux/futex.h>
#include <stdlib.h>

static ipc_word *place(ipc_mapping *mapping, int i) {
  return &mapping->words[IPC_WORD_OPENERS + i];
}

static int places(ipc_mapping *mapping) {
  int32_t used = atomic_load(&mapping->words[IPC_WORD_PLACES]);
  return used < 0 || used > IPC_OPENERS ? IPC_OPENERS : used;
}

static void raise_places(ipc_mapping *mapping, int32_t used) {
  ipc_word *word = &mapping->words[IPC_WORD_PLACES];
  int32_t now = atomic_load(word);
  while (now < used && !atomic_compare_exchange_weak(word, &now, used)) {
  }
}

void ipc_nudge_openers(ipc_mapping *mapping) {
  atomic_fetch_add(&mapping->words[IPC_WORD_ROSTER], 1);
  for (int i = 0, used = places(mapping); i < used; i++) {
    ipc_agent agent = atomic_load(place(mapping, i));
    if (agent == 0) continue;
    ipc_word *nudge = &mapping->domain->registry->slot[ipc_agent_slot(agent)].nudge;
    atomic_fetch_add(nudge, 1);
    ipc_wake_all(nudge);
  }
}

/* Everybody who sleeps on a dead agent must know before its entry goes: the kernel
 * woke only one of them, and that one may be dead too. */
static bool replace_dead(ipc_mapping *mapping, int i, ipc_agent dead, ipc_agent next) {
  ipc_wake_all(ipc_liveness_word(mapping->domain, ipc_agent_slot(dead)));
  return atomic_compare_exchange_strong(place(mapping, i), &dead, next);
}

bool ipc_join(ipc_mapping *mapping, ipc_agent agent, ipc_error *e) {
  for (int i = 0; i < IPC_OPENERS; i++) {
    ipc_agent there = atomic_load(place(mapping, i));
    if (there != 0 && !ipc_agent_is_dead(mapping->domain, there)) continue;
    raise_places(mapping, i + 1); /* before the entry: a scan must not stop short of it */
    ipc_agent none = 0;
    bool entered = there == 0 ? atomic_compare_exchange_strong(place(mapping, i), &none, agent)
                              : replace_dead(mapping, i, there, agent);
    if (!entered) continue;
    ipc_nudge_openers(mapping);
    return true;
  }
  return ipc_fail(e, "ERR_IPC_FULL", mapping->file, "open %s: all %d places are taken",
                  mapping->file, IPC_OPENERS);
}

void ipc_leave(ipc_mapping *mapping, ipc_agent agent) {
  if (ipc_agent_is_dead(mapping->domain, agent)) return;
  for (int i = 0, used = places(mapping); i < used; i++) {
    ipc_agent there = agent;
    if (atomic_compare_exchange_strong(place(mapping, i), &there, 0)) return;
  }
}

/* Makes sure that FUTEX_WAITERS is in the liveness word of a live agent, so that the kernel
 * wakes somebody when it dies; false when it is dead. The bit goes in by CAS from a live
 * value only: on a free slot it would make trylock fail forever. The agent must be alive
 * after the value was read, or the value may be its successor's. If the agent lives on in
 * its heirs, the word stays OWNER_DIED until somebody certifies the death.
 *
 * A word may name nobody though the agent is found alive, if the agent died just then:
 *
 *   T1 reads OWNER_DIED, and the agent's generation | T2 certifies, claims the slot
 *   T1 reads T2's word: no mark
 *
 * but not again after that, because the generation is then another one. The second time the word is
 * garbage. It is left to its owner to mend; until then nobody is woken by that death. */
static bool arm_liveness(ipc_domain *domain, ipc_agent agent, ipc_watched *watched) {
  enum { GARBAGE = 2 };
  ipc_word *word = ipc_liveness_word(domain, ipc_agent_slot(agent));
  *watched = (ipc_watched){.word = word, .agent = agent};
  for (int nobody = 0;;) {
    int32_t value = watched->alive = atomic_load(word);
    if (ipc_agent_is_dead(domain, agent)) return false;
    bool names_nobody = (value & FUTEX_TID_MASK) == 0 || (value & FUTEX_OWNER_DIED);
    watched->silent = (names_nobody && ++nobody == GARBAGE) ||
                      ((value & FUTEX_OWNER_DIED) && ipc_may_have_heirs(ipc_agent_slot(agent)));
    if (watched->silent || (!names_nobody && (value & FUTEX_WAITERS))) return true;
    if (!names_nobody) atomic_compare_exchange_strong(word, &value, value | (int32_t)FUTEX_WAITERS);
  }
}

bool ipc_watch_collect(ipc_mapping *mapping, ipc_agent self,
                       void (*add)(void *context, ipc_watched watched), void *context) {
  bool all_alive = true;
  for (int i = 0, used = places(mapping); i < used; i++) {
    ipc_agent agent = atomic_load(place(mapping, i));
    if (agent == 0 || agent == self) continue;
    ipc_watched watched;
    if (arm_liveness(mapping->domain, agent, &watched)) {
      add(context, watched);
    } else {
      replace_dead(mapping, i, agent, 0);
      all_alive = false;
    }
  }
  if (!all_alive) ipc_nudge_openers(mapping);
  return all_alive;
}
