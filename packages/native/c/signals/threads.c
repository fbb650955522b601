/*
 * The other threads of this process: do they block a signal, and whose are they?
 *
 * A thread may only be sent a signal if its code does not mind that a sleep ends with EINTR. Node's
 * and libuv's code does not; nobody knows that of an addon's. So:
 *
 *   - As long as the process has loaded nothing but Node, what Node is linked with, and us, every
 *     thread is Node's.
 *   - A thread that sleeps shows whose code sleeps there: near the top of its stack lie the addresses
 *     to return to. It is Node's if one is in Node and none in anybody else's library.
 *
 * All of it comes from /proc, which has to be the one of our own PID namespace: another's has other
 * numbers for our threads.
 */
#include "signals/signals_internal.h"
#include "os/libc.h"

#include <dirent.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* ---- /proc --------------------------------------------------------------------------- */

/* Reads a number that /proc prints, and moves on past it. strtoull and sscanf would do, but newer
 * headers of glibc give them names that only it has. */
static uint64_t next_number(const char **text, unsigned base) {
  static const char digits[] = "0123456789abcdef";
  uint64_t number = 0;
  *text += strspn(*text, " \t");
  if (base == 16 && strncmp(*text, "0x", 2) == 0) *text += 2;
  for (; **text != '\0'; ++*text) {
    const char *digit = strchr(digits, **text);
    if (digit == NULL || digit - digits >= base) break;
    number = number * base + (uint64_t)(digit - digits);
  }
  return number;
}

static bool read_file(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, size - 1);
  close(fd);
  text[length < 0 ? 0 : length] = '\0';
  return length > 0;
}

static const char *after(const char *text, const char *label) {
  const char *found = strstr(text, label);
  return found == NULL ? NULL : found + strlen(label);
}

/* Another namespace's /proc either has no `self` for us, or knows us by more than one number. */
static bool proc_is_ours(void) {
  char status[2048];
  if (!read_file("/proc/self/status", status, sizeof status)) return false;
  const char *pid = after(status, "\nPid:"), *pids = after(status, "\nNSpid:");
  uint64_t own = (uint64_t)getpid();
  if (pid == NULL || next_number(&pid, 10) != own) return false;
  if (pids == NULL) return true; /* before Linux 4.1 */
  return next_number(&pids, 10) == own && *pids == '\n';
}

long ipc_threads_count(void) {
  struct stat tasks;
  if (syscall(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &tasks, 0) != 0) return 0;
  return (long)tasks.st_nlink;
}

/* ---- what is loaded -------------------------------------------------------------------- */

typedef enum { NEUTRAL, NODES, FOREIGN } owner_of_code;

typedef struct {
  uintptr_t from, to;
  owner_of_code owner;
} code;

enum { MAX_CODE = 512 };

typedef struct {
  code part[MAX_CODE];
  int count;
  bool is_first, has_foreign;
} loaded;

/* Libraries of the system start no threads that sleep on their own, except for somebody. */
static bool is_of_system(const char *name) {
  static const char *const names[] = {
      "linux-vdso", "ld-",       "ld.",      "libc.",     "libc-",     "libpthread",
      "libm.",      "libm-",     "libdl",    "librt",     "libgcc_s",  "libstdc",
      "libc++",     "libatomic", "libnss_",  "libresolv", "libssl",    "libcrypto",
      "libz.",      "libicu",    "libcares", "libnghttp", "libbrotli", "libuvwasi",
      "libada",     "libsimd",   "libzstd",  "libsqlite", "libllhttp", "libhistogram",
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strncmp(name, names[i], strlen(names[i])) == 0) return true;
  return false;
}

static owner_of_code owner_of(const struct dl_phdr_info *object, bool is_program) {
  const char *slash = strrchr(object->dlpi_name, '/');
  const char *name = slash == NULL ? object->dlpi_name : slash + 1;
  if (is_program || strncmp(name, "libnode", 7) == 0 || strncmp(name, "libuv.", 6) == 0)
    return NODES;
  return is_of_system(name) ? NEUTRAL : FOREIGN;
}

static int add_object(struct dl_phdr_info *object, size_t size, void *data) {
  (void)size;
  loaded *all = data;
  owner_of_code owner = owner_of(object, all->is_first);
  all->is_first = false;
  uintptr_t own = (uintptr_t)&ipc_on_signal;
  int first = all->count;
  bool is_us = false;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || all->count == MAX_CODE) continue;
    uintptr_t from = object->dlpi_addr + part->p_vaddr;
    code one = {.from = from, .to = from + part->p_memsz, .owner = owner};
    is_us |= own >= one.from && own < one.to;
    all->part[all->count++] = one;
  }
  if (is_us && owner == FOREIGN) { /* our own threads block everything */
    for (int i = first; i < all->count; i++) all->part[i].owner = owner = NEUTRAL;
  }
  all->has_foreign |= owner == FOREIGN || all->count == MAX_CODE;
  return 0;
}

static owner_of_code owner_at(const loaded *all, uintptr_t address) {
  for (int i = 0; i < all->count; i++)
    if (address >= all->part[i].from && address < all->part[i].to) return all->part[i].owner;
  return NEUTRAL;
}

/* ---- one thread -------------------------------------------------------------------------- */

enum { WORDS = 128 }; /* more than a sleeping function of the C library takes of the stack */

static bool is_nodes_sleep(const loaded *all, uintptr_t stack) {
  uintptr_t words[WORDS];
  int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  if (memory < 0) return false;
  ssize_t length = pread(memory, words, sizeof words, (off_t)stack);
  close(memory);
  bool has_nodes = false;
  for (ssize_t i = 0; i < length / (ssize_t)sizeof *words; i++) {
    owner_of_code owner = owner_at(all, words[i]);
    if (owner == FOREIGN) return false;
    has_nodes |= owner == NODES;
  }
  return has_nodes;
}

static bool waits_for_vfork(uint64_t call) {
#ifdef SYS_vfork
  if (call == SYS_vfork) return true;
#endif
  return call == SYS_clone || call == 435; /* clone3, on every CPU */
}

/* The file says "running", or the system call, its six arguments, the stack and the place. */
static ipc_thread_kind kind_by_sleep(const loaded *all, pid_t tid) {
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)tid);
  if (!read_file(path, text, sizeof text)) return IPC_THREAD_OTHERS;
  if (strncmp(text, "running", 7) == 0) return IPC_THREAD_AWAKE;
  if (text[0] == '-') return IPC_THREAD_OTHERS; /* asleep, but in no system call */
  const char *at = text;
  uint64_t call = next_number(&at, 10), stack = 0;
  for (int i = 0; i < 7; i++) stack = next_number(&at, 16);
  if (waits_for_vfork(call)) return IPC_THREAD_ASKABLE;
  return is_nodes_sleep(all, stack) ? IPC_THREAD_ASKABLE : IPC_THREAD_OTHERS;
}

static ipc_thread_kind kind_of(const loaded *all, pid_t tid, ipc_signal_set set) {
  char path[64], status[2048];
  snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)tid);
  if (!read_file(path, status, sizeof status)) return IPC_THREAD_BLOCKS; /* it has ended */
  const char *blocked = after(status, "\nSigBlk:"), *pending = after(status, "\nSigPnd:");
  if (blocked == NULL || pending == NULL) return IPC_THREAD_OTHERS;
  ipc_signal_set blocks = next_number(&blocked, 16), has = next_number(&pending, 16);
  if ((blocks & set) == set) return IPC_THREAD_BLOCKS;
  ipc_signal_set carrier = ipc_signal_bit(IPC_CARRIER);
  if (blocks & carrier) return IPC_THREAD_OTHERS;
  if (has & carrier) return IPC_THREAD_BLOCKS;
  return all->has_foreign ? kind_by_sleep(all, tid) : IPC_THREAD_ASKABLE;
}

bool ipc_threads_each(ipc_signal_set set, void (*each)(pid_t tid, ipc_thread_kind kind, void *data),
                      void *data) {
  DIR *tasks = proc_is_ours() ? opendir("/proc/self/task") : NULL;
  if (tasks == NULL) return false;
  loaded all = {.is_first = true};
  dl_iterate_phdr(add_object, &all);
  for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
    const char *name = task->d_name;
    pid_t tid = (pid_t)next_number(&name, 10);
    if (tid != 0 && tid != ipc_main_tid) each(tid, kind_of(&all, tid, set), data);
  }
  closedir(tasks);
  return true;
}
