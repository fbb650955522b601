/*
 * Words that the kernel marks when their thread dies: robust futexes, of which libc's robust mutexes
 * are made.
 *
 * A thread has one list of them for the kernel, whose head is libc's, and whose links lie beside the
 * words: ours in registries that other processes write to. So two things are not left to libc:
 *
 *   Locking. libc believes what the mutex says about its kind, and ends the process by SIGILL or
 *   SIGABRT when that is garbage. Here only the kernel's word is read, and the links are written; the
 *   bytes of the mutex are never read.
 *
 *   The links. A link that is garbage ends the kernel's walk (and musl's, at the end of a thread, which
 *   follows it into nowhere), so the deaths behind it stay unmarked: those of the same thread in other
 *   directories. This file knows, and keeps in no shared place, what a link must be, so
 *   `ipc_robust_mend` puts it right. A thread calls that whenever it opens, sleeps or leaves. One gap
 *   remains: a thread that is killed between the stray write and its next such call.
 *
 * Other code in the process may have robust mutexes, in the same list. It puts its own before ours;
 * one that was there before ours is unlinked by changing our link, so that link is not known.
 */
#include "ipc.h"
#include "os/libc.h"

#include <linux/futex.h>
#include <string.h>

/* A link: the address of the next one. Atomic, because a slot's next owner
 * writes the same link; ordered by the kernel. */
typedef _Atomic uintptr_t hook;

/* list_head */
typedef struct {
  hook first;
  long word_offset; /* from a link to its word */
  hook pending;
} list_head;

typedef struct {
  hook *at;
  uintptr_t next; /* what it must say; 0: not known */
  ipc_word *word, *generation;
  int32_t lived; /* what the generation is as long as the slot is this thread's */
} entry;

static _Thread_local list_head *head;
static _Thread_local entry entries[IPC_MAX_DOMAINS];
static _Thread_local int count;
static _Thread_local int32_t tid;

/* ---- libc's part ------------------------------------------------------------------------ */

static int word_offset = -1; /* of the kernel's word inside a mutex; -1: no robust futexes here */
static pthread_once_t probed = PTHREAD_ONCE_INIT;

bool ipc_robust_init(pthread_mutex_t *mutex) {
  pthread_mutexattr_t attributes;
  if (pthread_mutexattr_init(&attributes) != 0) return false;
  bool ok = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0 &&
            pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0 &&
            pthread_mutex_init(mutex, &attributes) == 0;
  pthread_mutexattr_destroy(&attributes);
  return ok;
}

static list_head *ask_for_head(void) {
  list_head *found = NULL;
  size_t size = 0;
  return syscall(SYS_get_robust_list, 0, &found, &size) == 0 ? found : NULL;
}

/* glibc and musl put the word in different places, so ask the kernel: the head of
 * this thread's robust list points at the mutex locked last, and says how far its
 * word is from there. Emulators without robust lists are found out here too. */
static void probe(void) {
  pthread_mutex_t mutex;
  if (!ipc_robust_init(&mutex) || pthread_mutex_lock(&mutex) != 0) return;
  list_head *mine = ask_for_head();
  if (mine != NULL && mine->first != (uintptr_t)mine) {
    char *word = (char *)mine->first + mine->word_offset;
    ptrdiff_t offset = word - (char *)&mutex;
    if (offset >= 0 && offset <= (ptrdiff_t)(sizeof mutex - 4) &&
        (*(int32_t *)word & FUTEX_TID_MASK) == ipc_gettid())
      word_offset = (int)offset;
  }
  pthread_mutex_unlock(&mutex);
  pthread_mutex_destroy(&mutex);
}

int ipc_robust_offset(void) {
  pthread_once(&probed, probe);
  return word_offset;
}

/* musl tells the kernel of its head when the thread locks its first robust mutex. */
static bool find_head(void) {
  if (head != NULL) return true;
  pthread_mutex_t mutex;
  if (!ipc_robust_init(&mutex)) return false;
  if (pthread_mutex_lock(&mutex) == 0) pthread_mutex_unlock(&mutex);
  pthread_mutex_destroy(&mutex);
  head = ask_for_head();
  tid = ipc_gettid();
  return head != NULL;
}

void ipc_robust_forget(void) {
  head = NULL;
  count = 0;
}

/* ---- locking ---------------------------------------------------------------------------- */

static uintptr_t last(void) { return (uintptr_t)head; }

/* The lowest bit says what kind of futex it is; in our links it is never set. */
static hook *hook_at(uintptr_t address) { return (hook *)(address & ~(uintptr_t)1); }

static bool is_known(uintptr_t next) {
  return next == (count == 0 ? last() : (uintptr_t)entries[count - 1].at);
}

/* Enters the word as libc does: the link to its predecessor lies just before the one that the kernel
 * follows. */
static uintptr_t enter(hook *at) {
  uintptr_t next = head->first;
  at[0] = next;
  at[-1] = last();
  if (next != last()) hook_at(next)[-1] = (uintptr_t)at;
  head->first = (uintptr_t)at; /* last: the kernel may come by at any time */
  return is_known(next) ? next : 0;
}

/* An entry that is not remembered is merely not mended. */
static void remember(entry one) {
  for (int i = 0; i < count; i++)
    if (entries[i].at == one.at) { /* the thread had the slot before, and lost it */
      memmove(&entries[i], &entries[i + 1], (size_t)(--count - i) * sizeof *entries);
      break;
    }
  if (count < IPC_MAX_DOMAINS) entries[count++] = one;
}

/* 0 or OWNER_DIED → this thread. The kernel is told first, so that it does not overlook a word that is
 * locked and not in the list yet. */
bool ipc_robust_trylock(ipc_word *word) {
  if (!find_head()) return false;
  hook *at = (hook *)((char *)word - head->word_offset);
  head->pending = (uintptr_t)at;
  int32_t old = atomic_load(word);
  bool locked = false;
  while (!locked && (old == 0 || (old & FUTEX_OWNER_DIED)))
    locked = atomic_compare_exchange_strong(word, &old, tid | (old & (int32_t)FUTEX_WAITERS));
  if (locked) remember((entry){.at = at, .word = word, .next = enter(at)});
  head->pending = 0;
  return locked;
}

void ipc_robust_own(const ipc_word *word, ipc_word *generation, int32_t lived) {
  for (int i = 0; i < count; i++)
    if (entries[i].word == word) {
      entries[i].generation = generation;
      entries[i].lived = lived;
    }
}

/* ---- after a stray write -------------------------------------------------------------------- */

static bool is_mine(int32_t value) {
  return (value & FUTEX_TID_MASK) == tid && (value & FUTEX_OWNER_DIED) == 0;
}

/* The slot is this thread's, but the word is not: the kernel would not mark it. A sleeper on the value
 * that was there must see that the word has changed. */
static void mend_word(entry *one) {
  int32_t value = atomic_load(one->word);
  if (is_mine(value) || atomic_load(one->generation) != one->lived) return;
  if (atomic_compare_exchange_strong(one->word, &value, tid | (int32_t)FUTEX_WAITERS))
    ipc_wake_all(one->word);
}

/* Another thread has the slot, and the link is part of that thread's list. */
static bool is_lost(const entry *one) {
  return (atomic_load(one->word) & FUTEX_TID_MASK) != tid &&
         atomic_load(one->generation) != one->lived;
}

static entry *entry_at(uintptr_t at) {
  for (int i = 0; i < count; i++)
    if ((uintptr_t)entries[i].at == at) return &entries[i];
  return NULL;
}

static bool is_owned(const entry *one) { return one->generation != NULL; }

void ipc_robust_mend(void) {
  if (head == NULL) return;
  for (int i = 0; i < count; i++)
    if (is_owned(&entries[i])) mend_word(&entries[i]);
  hook *from = &head->first;
  for (int steps = 0; steps < ROBUST_LIST_LIMIT && *from != last(); steps++) {
    entry *one = entry_at(*from);
    if (one == NULL) { /* other code's; never garbage, as what leads to it is right */
      from = hook_at(*from);
    } else if (one->next == 0) {
      return;
    } else if (is_owned(one) && is_lost(one)) {
      *from = one->next;
    } else {
      if (*one->at != one->next) *one->at = one->next;
      from = one->at;
    }
  }
}
