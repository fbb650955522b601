/* rival WORK KIND [cpus=0,1] [ms=200] [rounds=1000] [n=2]: prints one JSON object.
 *
 *   pairs     ns per acquire and release that nobody else wants
 *   contend   n processes on one lock for some time: acquisitions and changes of owner per second
 *   pingpong  two processes, two semaphores: ns of each round trip
 *   wake      ns from just before release until the process that slept for the lock runs
 *   killed    ns from just before kill -9 of the owner until the process that slept for the lock has it
 *   signals   two processes, kill → handler → kill: ns of each round trip
 */
#include "rival.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

shared *s;
int cpus[MOST_SIDES];
int cpu_count;

static const lock_kind *kind;
static long ms = 200, rounds = 1000, sides = 2;

int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void pin(int side) {
  if (cpu_count == 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpus[side % cpu_count], &set);
  sched_setaffinity(0, sizeof set, &set);
}

void nap_us(long us) {
  struct timespec time = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&time, NULL);
}

void await_phase(int phase) {
  while (s->phase != phase) nap_us(100);
}

int start_side(int side, void (*body)(int side)) {
  int pid = fork();
  if (pid != 0) return pid;
  pin(side);
  if (kind != NULL && kind->open != NULL)
    for (int i = 0; i < 2; i++) kind->open(s->lock[i]);
  body(side);
  _exit(0);
}

void critical_section(int me) {
  s->first = s->first + 1;
  if (s->last != me) {
    s->last = me;
    s->switches = s->switches + 1;
  }
  s->second = s->second + 1;
}

static void take(void) { kind->acquire(s->lock[0]); }
static void give(void) { kind->release(s->lock[0]); }

static void wait_for_all(void) {
  while (wait(NULL) > 0) {
  }
}

/* Prints `count` samples, and whether the counter says that there were `entries`. */
static void print_samples(long count, long entries) {
  bool correct = s->first == s->second && s->first == entries;
  printf("{\"samples\":[");
  for (long i = 0; i < count; i++) printf("%s%lld", i ? "," : "", (long long)s->samples[i]);
  printf("],\"correct\":%s}\n", correct ? "true" : "false");
}

/* ---- pairs ------------------------------------------------------------------------ */

static void pairs_side(int me) {
  long count = rounds;
  int64_t start = now_ns();
  for (long i = 0; i < count; i++) {
    take();
    give();
  }
  int64_t elapsed = now_ns() - start;
  s->samples[0] = elapsed;
  take();
  critical_section(me);
  give();
}

static void pairs(void) {
  start_side(0, pairs_side);
  wait_for_all();
  printf("{\"value\":%.3f,\"correct\":%s}\n", (double)s->samples[0] / (double)rounds,
         s->first == 1 ? "true" : "false");
}

/* ---- contend ----------------------------------------------------------------------- */

static void contend_side(int me) {
  __sync_fetch_and_add(&s->ready, 1);
  while (!s->go) nap_us(50);
  int64_t done = 0;
  while (!s->stop) {
    take();
    critical_section(me);
    give();
    done++;
  }
  s->done[me] = done;
}

static void contend(void) {
  s->last = -1;
  for (int i = 0; i < sides; i++) start_side(i, contend_side);
  while (s->ready < sides) nap_us(100);
  s->go = 1;
  int64_t start = now_ns();
  nap_us(ms * 1000);
  s->stop = 1;
  double seconds = (double)(now_ns() - start) / 1e9;
  wait_for_all();
  int64_t done = 0;
  for (int i = 0; i < sides; i++) done += s->done[i];
  bool correct = s->first == done && s->second == done;
  printf("{\"value\":%.0f,\"switches\":%.0f,\"correct\":%s}\n", (double)done / seconds,
         (double)s->switches / seconds, correct ? "true" : "false");
}

/* ---- pingpong ------------------------------------------------------------------------ */

/* Notes how long the round trip took that began at `then` and ends now; trips with a negative number are
 * the warm-up and do not count. Returns now. */
static int64_t sample_trip(long i, int64_t then) {
  int64_t now = now_ns();
  if (i >= 0) s->samples[i] = now - then;
  return now;
}

static void pingpong_side(int me) {
  void *mine = s->lock[me], *yours = s->lock[1 - me];
  int64_t last = now_ns();
  for (long i = -100; i < rounds; i++) {
    if (me == 0) kind->release(yours);
    kind->acquire(mine);
    critical_section(me);
    if (me == 1) kind->release(yours);
    if (me == 0) last = sample_trip(i, last);
  }
}

static void pingpong(void) {
  for (int i = 0; i < 2; i++) kind->acquire(s->lock[i]);
  for (int i = 0; i < 2; i++) start_side(i, pingpong_side);
  wait_for_all();
  print_samples(rounds, 2 * (rounds + 100));
}

/* ---- wake ------------------------------------------------------------------------------- */

static void wake_side(int me) {
  for (long i = 0; i < rounds; i++) {
    if (me == 0) {
      take();
      s->phase = 1;
      await_phase(2);
      nap_us(1000); /* now the other one sleeps */
      s->stamp = now_ns();
      give();
      await_phase(3);
    } else {
      await_phase(1);
      s->phase = 2;
      take();
      s->samples[i] = now_ns() - s->stamp;
      critical_section(me);
      give();
      s->phase = 3;
      while (s->phase == 3 && i + 1 < rounds) nap_us(100);
    }
  }
}

static void wake(void) {
  for (int i = 0; i < 2; i++) start_side(i, wake_side);
  wait_for_all();
  print_samples(rounds, rounds);
}

/* ---- killed -------------------------------------------------------------------------------- */

static void dying_owner(int me) {
  (void)me;
  take();
  s->phase = 1;
  pause();
}

static void heir(int me) {
  s->phase = 2;
  take();
  s->done[0] = now_ns();
  critical_section(me);
  give();
}

static void killed(void) {
  for (long i = 0; i < rounds; i++) {
    s->phase = 0;
    int owner = start_side(0, dying_owner);
    await_phase(1);
    start_side(1, heir);
    await_phase(2);
    nap_us(5000);
    int64_t start = now_ns();
    kill(owner, SIGKILL);
    wait_for_all();
    s->samples[i] = s->done[0] - start;
  }
  print_samples(rounds, rounds);
}

/* ---- signals -------------------------------------------------------------------------------- */

static volatile sig_atomic_t got;
static pid_t peer;

static void answer(int number) {
  critical_section(1);
  got++;
  kill(peer, number);
}
static void count(int number) {
  (void)number;
  critical_section(0);
  got++;
}

static void signals(void) {
  pid_t parent = getpid();
  signal(SIGUSR1, count);
  sigset_t usr1, before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  sigprocmask(SIG_BLOCK, &usr1, &before);
  pid_t child = fork();
  pin(0);
  if (child == 0) {
    peer = parent;
    signal(SIGUSR1, answer);
    s->ready = 1;
    while (got < rounds) sigsuspend(&before);
    _exit(0);
  }
  while (!s->ready) nap_us(100);
  int64_t last = now_ns();
  for (long i = 0; i < rounds; i++) {
    kill(child, SIGUSR1);
    while (got <= i) sigsuspend(&before);
    last = sample_trip(i, last);
  }
  wait_for_all();
  print_samples(rounds, 2 * rounds);
}

/* ---- arguments --------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  void (*run)(void);
} works[] = {{"pairs", pairs}, {"contend", contend}, {"pingpong", pingpong},
             {"wake", wake},   {"killed", killed},   {"signals", signals}};

static void parse(const char *argument) {
  if (strncmp(argument, "ms=", 3) == 0) ms = atol(argument + 3);
  if (strncmp(argument, "rounds=", 7) == 0) rounds = atol(argument + 7);
  if (strncmp(argument, "n=", 2) == 0) sides = atol(argument + 2);
  if (strncmp(argument, "cpus=", 5) == 0)
    for (const char *at = argument + 4; at != NULL && cpu_count < MOST_SIDES; at = strchr(at + 1, ','))
      cpus[cpu_count++] = atoi(at + 1);
}

int main(int count, char **arguments) {
  s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (count < 3 || s == MAP_FAILED) return 2;
  for (int i = 3; i < count; i++) parse(arguments[i]);
  if (sides < 1 || sides > MOST_SIDES) return 2;
  kind = find_kind(arguments[2]);
  if (kind != NULL)
    for (int i = 0; i < 2; i++) kind->init(s->lock[i]);
  for (size_t i = 0; i < sizeof works / sizeof *works; i++)
    if (strcmp(works[i].name, arguments[1]) == 0) {
      works[i].run();
      if (kind != NULL && kind->open != NULL)
        for (int n = 0; n < 2; n++) unlink(s->lock[n]);
      return 0;
    }
  return 2;
}
