/*
 * The C of this package without Node: threads that open, park, ask for tickets, wake, close, unlink,
 * list, prune and end, some of them as if killed. It is for the sanitizers, which see what no test of
 * results does.
 *
 *   cc -g -fsanitize=thread -I native -o harness test/harness.c native/<all but the bindings>.c -pthread
 *   ./harness DIRECTORY SECONDS THREADS [garbage]
 *
 * With `garbage` one more thread overwrites random words of all files. Exit code 99: a thread has not
 * made a step for STUCK_S.
 */
#include "os/directory.h"
#include "sleep/parker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 64, STUCK_S = 30, TICKS_PER_S = 10, NAMES = 3, WORDS = 16 };

static const char *directory;
static atomic_bool stop;
static atomic_ulong beats[MOST_THREADS];
static atomic_ulong steps, opened, failed, taken, overwritten;
static _Thread_local unsigned seed;

static int pick(int n) { return (int)((unsigned)rand_r(&seed) % (unsigned)n); }
static bool chance(int one_in) { return pick(one_in) == 0; }

static void pause_ms(int ms) {
  struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
  nanosleep(&pause, NULL);
}

/* ---- one thread's life ------------------------------------------------------------------ */

static void ring(void *context) { atomic_store((atomic_int *)context, 1); }
static void ignore_info(const ipc_file_info *info, void *context) { (void)info, (void)context; }
static void ignore_name(const char *file, void *context) { (void)file, (void)context; }

static void use(ipc_domain *domain, ipc_mapping *mapping, ipc_sink *sink, int32_t *id) {
  ipc_error e;
  ipc_ticket_name names[64];
  int index = IPC_WORD_DATA + pick(4);
  int32_t roster = atomic_load(&mapping->words[IPC_WORD_ROSTER]);
  int32_t value = atomic_load(&mapping->words[index]);
  switch (pick(8)) {
    case 0:
      ipc_park(mapping, index, value, roster, pick(5) + 0.5, chance(2), atomic_load(&ipc_signal_sequence));
      break;
    case 1: ipc_pass_on_deaths(mapping); break;
    case 2:
    case 3:
      ipc_ticket(sink, mapping,
                 &(ipc_ticket_request){.index = index,
                                       .expected = value,
                                       .roster = roster,
                                       .name = {.id = *id, .realm = pick(3)},
                                       .has_looked = pick(2)},
                 &e);
      *id = *id % 100000 + 1;
      break;
    case 4: ipc_ticket_cancel(sink, *id - pick(3)); break;
    case 5:
      atomic_fetch_add(&mapping->words[index], 1);
      ipc_wake(&mapping->words[index], chance(3) ? 1000 : 1);
      break;
    case 6: atomic_fetch_add(&taken, (unsigned long)ipc_sink_take(sink, names, 64)); break;
    case 7:
      ipc_agent_is_dead(domain, atomic_load(&mapping->words[IPC_WORD_OPENERS + pick(8)]));
      ipc_file_is_linked(mapping);
      break;
  }
}

static void open_and_use(ipc_domain *domain, ipc_sink *sink, int32_t *id, int number) {
  ipc_error e;
  char name[32];
  snprintf(name, sizeof name, "k.n%d", pick(NAMES));
  ipc_open_request request = {.file = name,
                              .kind = "k",
                              .create = true,
                              .anonymous = chance(10),
                              .has_options = chance(2),
                              .words = WORDS,
                              .options = {1, 2, 3, 4}};
  bool created, existed;
  ipc_mapping *mapping = ipc_file_open(domain, &request, &created, &e);
  if (mapping == NULL) {
    atomic_fetch_add(&failed, 1);
    return;
  }
  atomic_fetch_add(&opened, 1);
  for (int i = pick(20); i > 0; i--) {
    atomic_fetch_add(&steps, 1);
    atomic_fetch_add(&beats[number], 1);
    use(domain, mapping, sink, id);
  }
  if (chance(20)) ipc_file_unlink(domain, name, chance(2), &existed, &e);
  if (chance(40)) ipc_file_list(domain, ignore_info, NULL, &e);
  if (chance(40)) ipc_file_prune(domain, chance(2), ignore_name, NULL, &e);
  ipc_parkers_forget(mapping);
  ipc_file_close(mapping, ipc_closing_deadline());
  ipc_mapping_release(mapping);
}

static void *live(void *context) {
  int number = *(int *)context;
  seed = (unsigned)time(NULL) * 31u + (unsigned)number * 7919u + (unsigned)ipc_gettid();
  ipc_set_thread_id(number);
  ipc_error e;
  ipc_domain *domain = ipc_domain_open(directory, IPC_MAKE, &e);
  if (domain == NULL || ipc_agent_self(domain, &e) == 0) {
    atomic_fetch_add(&failed, 1);
    return NULL;
  }
  atomic_int bell = 0;
  ipc_sink *sink = ipc_sink_new(ring, &bell);
  int32_t id = 1;
  for (int left = 50 + pick(300); left > 0 && !atomic_load(&stop); left--) {
    atomic_fetch_add(&beats[number], 1);
    open_and_use(domain, sink, &id, number);
  }
  if (!chance(4)) ipc_agent_leave(); /* otherwise it ends as one that is killed */
  ipc_sink_close(sink);
  return NULL;
}

/* ---- garbage ------------------------------------------------------------------------------ */

static off_t somewhere(const char *file) {
  const off_t slot = sizeof(ipc_slot), registry = IPC_REGISTRY_HEADER_BYTES;
  if (strcmp(file, IPC_REGISTRY_FILE) == 0)
    return chance(20) ? pick(1024) * 4 : registry + pick(400) * slot + pick(chance(2) ? 16 : 64) * 4;
  if (chance(3)) return pick(IPC_WORD_OPENERS) * 4;
  return chance(2) ? (IPC_WORD_OPENERS + pick(40)) * 4 : (IPC_WORD_DATA + pick(WORDS)) * 4;
}

static void overwrite(const char *file) {
  static const int32_t values[] = {0, 1, -1, INT32_MAX, INT32_MIN, 0x40000000, 0x3fffffff, 0x100};
  char path[4400];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return;
  off_t at = somewhere(file);
  int32_t now, value = chance(2) ? values[pick(8)] : (int32_t)rand_r(&seed);
  if (pread(fd, &now, sizeof now, at) == sizeof now) { /* never beyond its end */
    if (chance(2)) value = now ^ (1 << pick(31));
    if (pwrite(fd, &value, sizeof value, at) == sizeof value) atomic_fetch_add(&overwritten, 1);
  }
  close(fd);
}

static void *write_garbage(void *context) {
  (void)context;
  seed = (unsigned)getpid();
  while (!atomic_load(&stop)) {
    DIR *all = opendir(directory);
    struct dirent *entry;
    while (all != NULL && (entry = readdir(all)) != NULL)
      if (entry->d_type == DT_REG) overwrite(entry->d_name);
    if (all != NULL) closedir(all);
    pause_ms(1);
  }
  return NULL;
}

/* ---- the whole ------------------------------------------------------------------------------ */

typedef struct {
  pthread_t thread;
  int number;
  bool running;
  unsigned long seen;
  int still; /* for how many ticks it has made no step */
} slot;

static void look_after(slot *one) {
  if (one->running && pthread_tryjoin_np(one->thread, NULL) == 0) one->running = false;
  if (!one->running) {
    one->running = pthread_create(&one->thread, NULL, live, &one->number) == 0;
    one->still = 0;
  }
  unsigned long now = atomic_load(&beats[one->number]);
  one->still = now == one->seen ? one->still + 1 : 0;
  one->seen = now;
  if (one->still < STUCK_S * TICKS_PER_S) return;
  fprintf(stderr, "thread %d has made no step for %d s; %lu words were overwritten\n", one->number,
          STUCK_S, atomic_load(&overwritten));
  _exit(99);
}

int main(int count, char **arguments) {
  if (count < 4) {
    fprintf(stderr, "usage: %s DIRECTORY SECONDS THREADS [garbage]\n", arguments[0]);
    return 2;
  }
  directory = arguments[1];
  int seconds = atoi(arguments[2]), threads = atoi(arguments[3]);
  if (threads > MOST_THREADS) threads = MOST_THREADS;
  pthread_t writer;
  bool writes = count > 4 && pthread_create(&writer, NULL, write_garbage, NULL) == 0;
  slot slots[MOST_THREADS] = {0};
  for (int i = 0; i < threads; i++) slots[i].number = i;
  for (int tick = 0; tick < seconds * TICKS_PER_S; tick++) {
    for (int i = 0; i < threads; i++) look_after(&slots[i]);
    pause_ms(1000 / TICKS_PER_S);
  }
  atomic_store(&stop, true);
  for (int i = 0; i < threads; i++)
    if (slots[i].running) pthread_join(slots[i].thread, NULL);
  if (writes) pthread_join(writer, NULL);
  printf("%lu steps, %lu opened, %lu failed, %lu taken, %lu overwritten\n", steps, opened, failed, taken,
         overwritten);
  return 0;
}
