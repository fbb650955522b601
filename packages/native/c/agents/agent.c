/* Agents: who is alive. The table of a slot's states is in ipc.h. */
#include "os/directory.h"
#include "os/libc.h"

#include <dlfcn.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* This thread's agent in each domain. */
static _Thread_local ipc_agent mine[IPC_MAX_DOMAINS];
static _Thread_local int my_thread_id;
static _Thread_local bool may_bequeath;

void ipc_set_thread_id(int thread_id) { my_thread_id = thread_id; }

void ipc_agent_may_bequeath(void) { may_bequeath = true; }

/* The child of a fork is another agent. */
static void forget_identity(void) {
  memset(mine, 0, sizeof mine);
  ipc_robust_forget();
}

static pthread_once_t fork_is_known = PTHREAD_ONCE_INIT;
static void know_of_forks(void) { ipc_after_fork(forget_identity); }

int ipc_liveness_offset(void) {
  int offset = ipc_robust_offset();
  return offset < 0 ? -1 : (int)offsetof(ipc_slot, robust) + offset;
}

void ipc_agents_abi(char out[40]) {
#if defined(__x86_64__)
  const char *cpu = "x86_64";
#elif defined(__aarch64__)
  const char *cpu = "aarch64";
#else
  const char *cpu = "other";
#endif
  const char *libc = dlsym(RTLD_DEFAULT, "gnu_get_libc_version") != NULL ? "glibc" : "musl";
  memset(out, 0, 40);
  snprintf(out, 40, "%s %s mutex %zu word %d", libc, cpu, sizeof(pthread_mutex_t),
           ipc_liveness_offset());
}

bool ipc_agents_init(ipc_registry *registry, ipc_error *e) {
  if (ipc_liveness_offset() < 0)
    return ipc_fail(e, "ERR_IPC_UNSUPPORTED", NULL,
                    "robust futexes: this kernel (or emulator) does not have them");
  for (int slot = 0; slot < IPC_SLOTS; slot++)
    if (!ipc_robust_init(&registry->slot[slot].robust))
      return ipc_fail(e, "ERR_IPC_UNSUPPORTED", NULL,
                      "robust process-shared mutexes: the C library does not have them");
  return true;
}

/* ---- life and death --------------------------------------------------------- */

ipc_word *ipc_liveness_word(ipc_domain *domain, int slot) {
  return (ipc_word *)((char *)&domain->registry->slot[slot] + ipc_liveness_offset());
}

/* The generation is read before the liveness word: if the word is dead then, the
 * agent of that generation is gone, whoever has had the slot since. A late CAS
 * fails on the generation of a new agent, so it cannot kill a live one. */
static bool certify(ipc_domain *domain, int slot, int32_t generation) {
  ipc_word *liveness = ipc_liveness_word(domain, slot);
  if ((atomic_load(liveness) & FUTEX_OWNER_DIED) == 0) return false;
  if (ipc_may_have_heirs(slot) && ipc_has_heirs(domain, slot)) /* if not those of a later agent */
    return atomic_load(&domain->registry->slot[slot].generation) != generation;
  if (atomic_compare_exchange_strong(&domain->registry->slot[slot].generation, &generation,
                                     generation + 1))
    ipc_wake_all(liveness);
  return true;
}

bool ipc_agent_is_dead(ipc_domain *domain, ipc_agent agent) {
  int slot = ipc_agent_slot(agent);
  int32_t generation = atomic_load(&domain->registry->slot[slot].generation);
  if ((generation & 1) == 0 || ipc_agent_of(slot, generation) != agent) return true;
  return certify(domain, slot, generation);
}

static void nudge_all(ipc_domain *domain) {
  for (int number = 1; number < IPC_SLOTS; number++) {
    ipc_slot *slot = &domain->registry->slot[number];
    if ((atomic_load(&slot->generation) & 1) == 0) continue;
    atomic_fetch_add(&slot->nudge, 1);
    ipc_wake_all(&slot->nudge);
  }
}

/* A reader that finds the same generation before and after has read what that agent wrote: the
 * generation of the slot would not tell, because it does not change before all this is written. */
static void describe(ipc_slot *slot, int32_t generation) {
  atomic_store(&slot->described, 0);
  atomic_store(&slot->pid, getpid());
  atomic_store(&slot->tid, ipc_gettid());
  atomic_store(&slot->thread_id, my_thread_id);
  atomic_store(&slot->pid_namespace, ipc_pid_namespace());
  for (size_t i = 0; i < sizeof slot->notes / sizeof *slot->notes; i++)
    atomic_store(&slot->notes[i], 0);
  atomic_store(&slot->described, generation);
}

bool ipc_agent_identify(ipc_domain *domain, ipc_agent agent, ipc_identity *identity) {
  int number = ipc_agent_slot(agent);
  ipc_slot *slot = &domain->registry->slot[number];
  int32_t generation = atomic_load(&slot->described);
  if ((generation & 1) == 0 || ipc_agent_of(number, generation) != agent) return false;
  identity->pid = atomic_load(&slot->pid);
  identity->thread_id = atomic_load(&slot->thread_id);
  identity->foreign = atomic_load(&slot->pid_namespace) != ipc_pid_namespace();
  return atomic_load(&slot->described) == generation;
}

int32_t ipc_pid_namespace(void) {
  struct stat namespace;
  return ipc_stat_through("/proc/self/ns/pid", &namespace) == 0 ? (int32_t)namespace.st_ino : 0;
}

/* Certify first, then trylock: the other way round, the dead owner would look alive for
 * as long as the claimer is stopped in between. That can still be so when others lived in
 * the slot after our look at its generation:
 *
 *   T1 sees an even generation | T2 claims the slot, and dies
 *   T1 has the mutex           | T3 takes our thread for T2's, and will sleep on our life
 *
 * T3 has read its nudge before, so a nudge for everybody makes it look again. */
static bool claim_slot(ipc_domain *domain, int number) {
  ipc_slot *slot = &domain->registry->slot[number];
  int32_t seen = atomic_load(&slot->generation);
  if ((seen & 1) && !certify(domain, number, seen++)) return false;

  if (!ipc_robust_trylock(ipc_liveness_word(domain, number))) return false;

  int32_t generation = atomic_load(&slot->generation);
  if (generation & 1) atomic_store(&slot->generation, ++generation); /* nobody else can, now */
  if (generation != seen) nudge_all(domain);
  describe(slot, generation + 1);
  atomic_store(&slot->generation, generation + 1);
  ipc_robust_own(ipc_liveness_word(domain, number), &slot->generation, generation + 1);
  return true;
}

/* Only one thread at a time claims a slot for an agent with heirs, and it never claims the slot of an
 * agent that lives: that agent might die between the look at its heirs and the trylock, and its heirs
 * would be overlooked. An agent that is dead gets no more heirs than it has now. */
static bool claim_slot_with_heirs(ipc_domain *domain, int number) {
  int32_t liveness = atomic_load(ipc_liveness_word(domain, number));
  bool alive = (liveness & FUTEX_TID_MASK) != 0 && (liveness & FUTEX_OWNER_DIED) == 0;
  return !alive && !ipc_has_heirs(domain, number) && claim_slot(domain, number);
}

static int claim_any(ipc_domain *domain, int first, int end,
                     bool (*claim)(ipc_domain *domain, int number)) {
  for (int tries = first; tries < end; tries++) {
    uint32_t turn = (uint32_t)atomic_fetch_add(&domain->registry->header.next_slot, 1);
    int slot = first + (int)(turn % (uint32_t)(end - first));
    if (claim(domain, slot)) return slot;
  }
  return 0;
}

ipc_agent ipc_agent_self(ipc_domain *domain, ipc_error *e) {
  ipc_robust_mend();
  if (mine[domain->index] != 0) return mine[domain->index];
  pthread_once(&fork_is_known, know_of_forks);
  int first = 1, end = IPC_FIRST_WITH_HEIRS, slot;
  if (may_bequeath && domain->directory >= 0) {
    first = IPC_FIRST_WITH_HEIRS;
    end = IPC_SLOTS;
    ipc_patience patience = ipc_patience_of(IPC_PATIENCE_MS);
    int lock = ipc_names_lock(domain->directory, LOCK_EX, &patience, domain->path, e);
    if (lock < 0) return 0;
    slot = claim_any(domain, first, end, claim_slot_with_heirs);
    ipc_unlock_close(lock);
  } else {
    slot = claim_any(domain, first, end, claim_slot);
  }
  if (slot != 0) {
    int32_t generation = atomic_load(&domain->registry->slot[slot].generation);
    return mine[domain->index] = ipc_agent_of(slot, generation);
  }
  ipc_fail(e, "ERR_IPC_FULL", domain->path, "register this thread in %s: all %d places are taken",
           domain->path[0] ? domain->path : "this process", end - first);
  return 0;
}

/* The mutex stays locked until the thread ends, and the kernel gives it up: then no sleeper that
 * was about to sleep on its word is forgotten, whichever thread dies. If it were unlocked here,
 *
 *   T1 unlocks, and is killed before its wake | T2 claims the slot
 *   the kernel sees T2's mutex, wakes nobody  | T3 sleeps on T1's life, forever
 */
void ipc_agent_leave(void) {
  ipc_robust_mend(); /* for the kernel's walk, and musl's */
  for (int index = 0; index < IPC_MAX_DOMAINS; index++) {
    if (mine[index] == 0) continue;
    ipc_domain *domain = ipc_domain_at(index);
    int slot = ipc_agent_slot(mine[index]);
    mine[index] = 0;
    atomic_fetch_add(&domain->registry->slot[slot].generation, 1);
    ipc_wake_all(ipc_liveness_word(domain, slot));
  }
}
