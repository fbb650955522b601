#include "rival.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- pthread_mutex_t, process-shared ------------------------------------------- */

static void init_mutex(void *lock, bool robust) {
  pthread_mutexattr_t a;
  pthread_mutexattr_init(&a);
  pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
  if (robust) pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(lock, &a);
}
static void mutex_init(void *lock) { init_mutex(lock, false); }
static void robust_init(void *lock) { init_mutex(lock, true); }
static void mutex_acquire(void *lock) { pthread_mutex_lock(lock); }
static void robust_acquire(void *lock) {
  if (pthread_mutex_lock(lock) == EOWNERDEAD) pthread_mutex_consistent(lock);
}
static void mutex_release(void *lock) { pthread_mutex_unlock(lock); }

/* ---- sem_t: a lock with one permit, or with none to begin with ----------------------- */

static void sem_init_one(void *lock) { sem_init(lock, 1, 1); }
static void sem_acquire(void *lock) {
  while (sem_wait(lock) != 0) {
  }
}
static void sem_release(void *lock) { sem_post(lock); }

/* ---- a raw futex, three states: 0 free, 1 held, 2 held and somebody sleeps ------------- */

static void futex_init(void *lock) { *(int *)lock = 0; }
static void futex_acquire(void *lock) {
  _Atomic int *word = lock;
  int free = 0;
  if (atomic_compare_exchange_strong(word, &free, 1)) return;
  while (atomic_exchange(word, 2) != 0) syscall(SYS_futex, word, FUTEX_WAIT, 2, NULL, NULL, 0);
}
static void futex_release(void *lock) {
  _Atomic int *word = lock;
  if (atomic_exchange(word, 0) == 2) syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* ---- flock ------------------------------------------------------------------------------ */

static int flock_file = -1;
static void flock_init(void *lock) {
  strcpy(lock, "/tmp/ipc-bench-flock-XXXXXX");
  close(mkstemp(lock));
}
static void flock_open(void *lock) { flock_file = open(lock, O_RDWR | O_CLOEXEC); }
static void flock_acquire(void *lock) {
  (void)lock;
  while (flock(flock_file, LOCK_EX) != 0) {
  }
}
static void flock_release(void *lock) {
  (void)lock;
  flock(flock_file, LOCK_UN);
}

const lock_kind lock_kinds[] = {
    {"mutex", mutex_init, NULL, mutex_acquire, mutex_release, false},
    {"robust", robust_init, NULL, robust_acquire, mutex_release, true},
    {"sem_t", sem_init_one, NULL, sem_acquire, sem_release, false},
    {"futex", futex_init, NULL, futex_acquire, futex_release, false},
    {"flock", flock_init, flock_open, flock_acquire, flock_release, true},
    {0},
};

const lock_kind *find_kind(const char *name) {
  for (const lock_kind *kind = lock_kinds; kind->name != NULL; kind++)
    if (strcmp(kind->name, name) == 0) return kind;
  return NULL;
}
