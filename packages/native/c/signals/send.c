/* Sending signals, and the timers that do. */
#include "signals/send.h"

#include <errno.h>
#include <float.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* one number on every CPU */
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

bool ipc_kill(pid_t pid, int number, ipc_error *e) {
  return kill(pid, number) == 0 ||
         ipc_fail_errno(e, NULL, "kill", NULL, "send signal %d to %d", number, (int)pid);
}

bool ipc_raise(int number, ipc_error *e) {
  errno = raise(number);
  return errno == 0 || ipc_fail_errno(e, NULL, "raise", NULL, "raise signal %d", number);
}

bool ipc_sigqueue(pid_t pid, int number, int32_t value, ipc_error *e) {
  return sigqueue(pid, number, (union sigval){.sival_int = value}) == 0 ||
         ipc_fail_errno(e, NULL, "sigqueue", NULL, "queue signal %d to %d", number, (int)pid);
}

int ipc_process_open(pid_t pid, ipc_error *e) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
  if (fd < 0)
    ipc_fail_errno(e, errno == ENOSYS ? "ERR_IPC_UNSUPPORTED" : NULL, "pidfd_open", NULL,
                   "refer to process %d", (int)pid);
  return fd;
}

bool ipc_process_exited(int fd) {
  struct pollfd ended = {.fd = fd, .events = POLLIN};
  return poll(&ended, 1, 0) == 1;
}

bool ipc_process_kill(int fd, pid_t pid, int number, ipc_error *e) {
  /* A process that has ended but was not waited for still takes signals; it is gone all the same. */
  if (ipc_process_exited(fd))
    errno = ESRCH;
  else if (syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) == 0)
    return true;
  return ipc_fail_errno(e, NULL, "pidfd_send_signal", NULL, "send signal %d to process %d", number,
                        (int)pid);
}

static struct timeval timeval_of(double ms) {
  if (!(ms > 0)) return (struct timeval){0};
  uint64_t us = (uint64_t)(ms * 1000);
  double rest = ms * 1000 - (double)us;
  /* It never rounds down to 0, which would disarm the timer; but what ms_of made of microseconds becomes
   * the same ones. */
  if (rest > ms * 1000 * 4 * DBL_EPSILON) us++;
  return (struct timeval){.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};
}

static double ms_of(struct timeval time) {
  return (double)time.tv_sec * 1000 + (double)time.tv_usec / 1000;
}

static ipc_timer timer_of(struct itimerval setting) {
  return (ipc_timer){.value_ms = ms_of(setting.it_value),
                     .interval_ms = ms_of(setting.it_interval)};
}

bool ipc_setitimer(int which, ipc_timer timer, ipc_timer *before, ipc_error *e) {
  struct itimerval setting = {.it_value = timeval_of(timer.value_ms),
                              .it_interval = timeval_of(timer.interval_ms)};
  struct itimerval old;
  if (setitimer(which, &setting, &old) != 0)
    return ipc_fail_errno(e, NULL, "setitimer", NULL, "set a timer to %g ms", timer.value_ms);
  *before = timer_of(old);
  return true;
}

bool ipc_getitimer(int which, ipc_timer *timer, ipc_error *e) {
  struct itimerval setting;
  if (getitimer(which, &setting) != 0)
    return ipc_fail_errno(e, NULL, "getitimer", NULL, "read a timer");
  *timer = timer_of(setting);
  return true;
}
