/* The same work in C. It is the yardstick: it shows what the system itself can do. */
#ifndef RIVAL_H
#define RIVAL_H

#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>

enum { MOST_SIDES = 64, MOST_SAMPLES = 10000 };

/* A lock in shared memory, or (flock) a file that each side opens for itself. */
typedef struct {
  const char *name;
  void (*init)(void *lock);
  void (*open)(void *lock); /* called in each process; may be NULL */
  void (*acquire)(void *lock);
  void (*release)(void *lock);
  bool survives; /* those who wait for it notice that its owner died */
} lock_kind;

extern const lock_kind lock_kinds[];

/* Two semaphores for ping-pong: `post` and `wait` of lock kinds that anyone may release. */
const lock_kind *find_kind(const char *name);

/* The memory that the sides share. */
typedef struct {
  _Alignas(64) char lock[2][128];
  _Alignas(64) volatile int stop, go, ready, phase;
  _Alignas(64) volatile int64_t stamp;
  /* The counter, which is wrong if two sides were ever inside at once: two words, and who was inside last. */
  _Alignas(64) volatile int64_t first, second;
  volatile int last;
  volatile int64_t switches;
  _Alignas(64) volatile int64_t done[MOST_SIDES];
  volatile int64_t samples[MOST_SAMPLES];
} shared;

extern shared *s;
extern int cpus[MOST_SIDES];
extern int cpu_count;

int64_t now_ns(void);
void pin(int side); /* pins the caller to its CPU, if there is one for it */
void nap_us(long us);
void await_phase(int phase);
int start_side(int side, void (*body)(int side)); /* returns the pid of its process */
void critical_section(int me);

#endif
