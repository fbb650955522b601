/* Futexes: sleep on many words, wake. Never FUTEX_PRIVATE_FLAG: the words are shared. */
#include "ipc.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449 /* one number on every CPU */
#endif

struct waitv { /* struct futex_waitv, for older kernel headers */
  uint64_t value, address;
  uint32_t flags, reserved;
};
enum { FLAG_32_BITS = 2 };

/* Without futex_waitv a sleeper hears only its first word, and looks at the others this often. */
static const uint64_t SLICE_NS = 5 * 1000 * 1000;
static atomic_bool without_waitv;

void ipc_without_waitv(bool without) { atomic_store(&without_waitv, without); }

uint64_t ipc_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct timespec timespec_of(uint64_t ns) {
  return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
                           .tv_nsec = (long)(ns % 1000000000u)};
}

static int outcome(int error) {
  switch (error) {
  case EAGAIN: return IPC_SLEEP_CHANGED;
  case ETIMEDOUT: return IPC_SLEPT_OUT;
  default: return IPC_SLEEP_SIGNAL; /* EINTR; anything else must not look like sleep either */
  }
}

/* This is cheaper than futex_waitv, and a signal handler ends it (EINTR), whereas the kernel begins
 * futex_waitv anew. */
static int sleep_on_one(const ipc_sleep *word, uint64_t deadline_ns) {
  struct timespec until = timespec_of(deadline_ns);
  long result = syscall(SYS_futex, word->word, FUTEX_WAIT_BITSET, word->expected, &until, NULL,
                        FUTEX_BITSET_MATCH_ANY);
  return result == 0 ? 0 : outcome(errno);
}

static int sleep_in_slices(const ipc_sleep *words, int count, uint64_t deadline_ns) {
  for (int i = 0; i < count; i++)
    if (atomic_load(words[i].word) != words[i].expected) return IPC_SLEEP_CHANGED;
  uint64_t slice = ipc_now_ns() + SLICE_NS;
  bool last = deadline_ns <= slice;
  int slept = sleep_on_one(words, last ? deadline_ns : slice);
  return slept == IPC_SLEPT_OUT && !last ? 0 : slept;
}

int ipc_sleep_on(const ipc_sleep *words, int count, uint64_t deadline_ns) {
  if (count == 1) return sleep_on_one(words, deadline_ns);
  if (atomic_load(&without_waitv)) return sleep_in_slices(words, count, deadline_ns);
  struct waitv list[IPC_SLEEP_MAX];
  for (int i = 0; i < count; i++)
    list[i] = (struct waitv){.value = (uint32_t)words[i].expected,
                             .address = (uintptr_t)words[i].word,
                             .flags = FLAG_32_BITS};
  struct timespec until = timespec_of(deadline_ns);
  long result = syscall(SYS_futex_waitv, list, count, 0, &until, CLOCK_MONOTONIC);
  if (result >= 0) return (int)result;
  /* EPERM: a container's filter that does not know it; the call itself has no such error. */
  if (errno != ENOSYS && errno != EPERM) return outcome(errno);
  atomic_store(&without_waitv, true);
  return sleep_in_slices(words, count, deadline_ns);
}

int ipc_wake(ipc_word *word, int count) {
  long woken = syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
  return woken < 0 ? 0 : (int)woken;
}

void ipc_wake_all(ipc_word *word) { ipc_wake(word, INT_MAX); }
