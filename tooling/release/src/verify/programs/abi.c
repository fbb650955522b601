/* The types and numbers that the addon takes from headers. They must be the same in every C library that
 * one binary serves. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE(type) printf("sizeof " #type " %zu\n", sizeof(type));
#define FIELD(type, field) printf(#type "." #field " %zu\n", offsetof(type, field));
#define NUMBER(name) printf(#name " %lld\n", (long long)(name));

int main(void) {
  SIZE(pthread_mutexattr_t) SIZE(pthread_once_t) SIZE(pthread_t) SIZE(sigset_t) SIZE(siginfo_t)
  SIZE(struct stat) SIZE(struct sigaction) SIZE(struct dirent) SIZE(struct passwd)
  SIZE(struct statfs) SIZE(struct timespec) SIZE(struct itimerval) SIZE(struct pollfd)
  SIZE(dev_t) SIZE(ino_t) SIZE(off_t) SIZE(time_t)
  FIELD(struct stat, st_dev) FIELD(struct stat, st_ino) FIELD(struct stat, st_mode)
  FIELD(struct stat, st_nlink) FIELD(struct stat, st_uid) FIELD(struct stat, st_size)
  FIELD(struct sigaction, sa_handler) FIELD(struct sigaction, sa_mask)
  FIELD(struct sigaction, sa_flags) FIELD(struct dirent, d_name) FIELD(struct statfs, f_type)
  FIELD(struct passwd, pw_name)
  FIELD(siginfo_t, si_signo) FIELD(siginfo_t, si_code) FIELD(siginfo_t, si_pid)
  FIELD(siginfo_t, si_uid) FIELD(siginfo_t, si_value) FIELD(siginfo_t, si_status)
  SIZE(posix_spawnattr_t) SIZE(id_t) SIZE(cpu_set_t)
  NUMBER(POSIX_SPAWN_SETSIGDEF) NUMBER(POSIX_SPAWN_SETSIGMASK) NUMBER(P_PID) NUMBER(WEXITED)
  NUMBER(WNOWAIT) NUMBER(CLD_EXITED) NUMBER(CLD_KILLED) NUMBER(CLD_DUMPED) NUMBER(GRND_NONBLOCK)
  NUMBER(PTHREAD_PROCESS_SHARED) NUMBER(PTHREAD_MUTEX_ROBUST)
  NUMBER(SIG_BLOCK) NUMBER(SIG_UNBLOCK) NUMBER(SIG_SETMASK) NUMBER(SA_SIGINFO) NUMBER(SA_RESTART)
  NUMBER(SA_ONSTACK) NUMBER(SI_QUEUE) NUMBER(SI_USER) NUMBER(SI_TKILL) NUMBER(SI_TIMER)
  NUMBER(O_TMPFILE) NUMBER(O_NOFOLLOW) NUMBER(O_DIRECTORY) NUMBER(O_CLOEXEC) NUMBER(O_NONBLOCK)
  NUMBER(AT_SYMLINK_NOFOLLOW) NUMBER(AT_FDCWD) NUMBER(LOCK_SH) NUMBER(LOCK_EX) NUMBER(LOCK_NB)
  NUMBER(MAP_SHARED) NUMBER(MAP_ANONYMOUS) NUMBER(F_GETFD) NUMBER(CLOCK_MONOTONIC)
  NUMBER(_SC_PAGESIZE) NUMBER(ITIMER_REAL) NUMBER(ITIMER_PROF) NUMBER(EOWNERDEAD) NUMBER(EDEADLK)
  NUMBER(ENOTRECOVERABLE) NUMBER(EOPNOTSUPP) NUMBER(POLLIN) NUMBER(SYS_futex) NUMBER(SYS_gettid)
  /* A zeroed mutex is idle, and it fits the room that a slot has for it. */
  static const pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static const pthread_once_t once = PTHREAD_ONCE_INIT;
  int used = 0;
  for (size_t i = 0; i < sizeof mutex; i++) used |= ((const char *)&mutex)[i];
  for (size_t i = 0; i < sizeof once; i++) used |= ((const char *)&once)[i];
  printf("idle is zero %d, fits %d\n", used == 0, sizeof(pthread_mutex_t) <= 48);
}
