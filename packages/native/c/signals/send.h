/* Sending signals (kill, queue, pidfd), and the interval timers. Any thread. */
#ifndef IPC_SEND_H
#define IPC_SEND_H

#include "ipc.h"

/* All work as the POSIX functions of these names; they return false and an error where those fail. */
bool ipc_kill(pid_t pid, int number, ipc_error *e);
bool ipc_raise(int number, ipc_error *e); /* to the calling thread */
bool ipc_sigqueue(pid_t pid, int number, int32_t value, ipc_error *e);

/* A descriptor of the process, which no other process can ever take over; -1 and an error. */
int ipc_process_open(pid_t pid, ipc_error *e);
bool ipc_process_exited(int fd);
/* Fails with ESRCH as soon as the process has ended, waited for or not. `pid` is for the message. */
bool ipc_process_kill(int fd, pid_t pid, int number, ipc_error *e);

typedef struct {
  double value_ms, interval_ms; /* 0: disarmed; fractions are rounded up to a microsecond */
} ipc_timer;

/* `which`: ITIMER_REAL 0, ITIMER_VIRTUAL 1, ITIMER_PROF 2. */
bool ipc_setitimer(int which, ipc_timer timer, ipc_timer *before, ipc_error *e);
bool ipc_getitimer(int which, ipc_timer *timer, ipc_error *e);

#endif
