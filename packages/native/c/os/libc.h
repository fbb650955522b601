/* One binary per CPU runs on glibc (2.28 and later) and on musl: it names no library, so it uses
 * nothing but what both export. This file has what either lacks, or has only in its static part.
 * Types and constants are those of the kernel or the same in both; `verify` compares them. */
#ifndef IPC_LIBC_H
#define IPC_LIBC_H

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc exports gettid since 2.30. */
static inline pid_t ipc_gettid(void) { return (pid_t)syscall(SYS_gettid); }

/* glibc exports stat and its relatives since 2.33. */
static inline int ipc_stat_at(int directory, const char *name, struct stat *to) {
#if defined(__x86_64__) || defined(__aarch64__)
  return (int)syscall(SYS_newfstatat, directory, name, to, AT_SYMLINK_NOFOLLOW);
#else
  return fstatat(directory, name, to, AT_SYMLINK_NOFOLLOW);
#endif
}

/* Follows a link, and tells of the file that it leads to. */
static inline int ipc_stat_through(const char *path, struct stat *to) {
#if defined(__x86_64__) || defined(__aarch64__)
  return (int)syscall(SYS_newfstatat, AT_FDCWD, path, to, 0);
#else
  return stat(path, to);
#endif
}

static inline int ipc_stat(int fd, struct stat *to) {
#if defined(__x86_64__) || defined(__aarch64__)
  return (int)syscall(SYS_fstat, fd, to);
#else
  return fstat(fd, to);
#endif
}

/* glibc has pthread_atfork in its static part, over a function that musl does not have. */
extern int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
                             void *library) __attribute__((weak));
extern int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
    __attribute__((weak));

/* The library is never unloaded (-z nodelete), so nobody needs to know whose the function is. */
static inline void ipc_after_fork(void (*in_child)(void)) {
  if (__register_atfork)
    __register_atfork(NULL, NULL, in_child, NULL);
  else if (pthread_atfork)
    pthread_atfork(NULL, NULL, in_child);
}

#endif
