/* Errors: what failed, as a code that programs compare and a message that people read. */
#include "ipc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAMED(number) {number, #number}
static const struct {
  int number;
  const char *name;
} names[] = {
    NAMED(EPERM),     NAMED(ENOENT),          NAMED(EINTR),     NAMED(EIO),
    NAMED(ENXIO),     NAMED(E2BIG),           NAMED(EBADF),     NAMED(EAGAIN),
    NAMED(ENOMEM),    NAMED(EACCES),          NAMED(EFAULT),    NAMED(EBUSY),
    NAMED(EEXIST),    NAMED(EXDEV),           NAMED(ENODEV),    NAMED(ENOTDIR),
    NAMED(EISDIR),    NAMED(EINVAL),          NAMED(ENFILE),    NAMED(EMFILE),
    NAMED(ETXTBSY),   NAMED(EFBIG),           NAMED(ENOSPC),    NAMED(ESPIPE),
    NAMED(EROFS),     NAMED(EMLINK),          NAMED(EPIPE),     NAMED(ERANGE),
    NAMED(EDEADLK),   NAMED(ENAMETOOLONG),    NAMED(ENOLCK),    NAMED(ENOSYS),
    NAMED(ENOTEMPTY), NAMED(ELOOP),           NAMED(EOVERFLOW), NAMED(EOPNOTSUPP),
    NAMED(ETIMEDOUT), NAMED(EALREADY),        NAMED(ESTALE),    NAMED(EDQUOT),
    NAMED(ECANCELED), NAMED(EOWNERDEAD),      NAMED(ESRCH),     NAMED(ECHILD),
    NAMED(ENOTTY),    NAMED(ENOTRECOVERABLE),
};

/* strerrorname_np would do, but only glibc has it. */
static const char *name_of(int number) {
  static _Thread_local char unknown[24];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].number == number) return names[i].name;
  snprintf(unknown, sizeof unknown, "ERRNO_%d", number);
  return unknown;
}

static void begin(ipc_error *e, const char *path, const char *format, va_list arguments) {
  vsnprintf(e->message, sizeof e->message, format, arguments);
  snprintf(e->path, sizeof e->path, "%s", path == NULL ? "" : path);
}

bool ipc_fail(ipc_error *e, const char *code, const char *path, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  begin(e, path, format, arguments);
  va_end(arguments);
  e->code = code;
  e->number = 0;
  e->syscall = NULL;
  return false;
}

bool ipc_fail_errno(ipc_error *e, const char *code, const char *syscall, const char *path,
                    const char *format, ...) {
  int number = errno;
  va_list arguments;
  va_start(arguments, format);
  begin(e, path, format, arguments);
  va_end(arguments);
  e->code = code != NULL ? code : name_of(number);
  e->number = number;
  e->syscall = syscall;
  size_t length = strlen(e->message);
  snprintf(e->message + length, sizeof e->message - length, ": %s, %s", name_of(number),
           strerror(number));
  return false;
}

static bool concerns_directory(const ipc_error *e) {
  if (e->code == NULL) return false;
  if (strcmp(e->code, "ERR_IPC_UNSAFE_DIRECTORY") == 0) return true;
  if (strcmp(e->code, "ERR_IPC_UNSUPPORTED") == 0) return e->number == 0 && e->path[0] != '\0';
  if (strncmp(e->code, "ERR_IPC_", 8) == 0) return false;
  switch (e->number) {
  case ENOENT: return e->syscall != NULL && strcmp(e->syscall, "mkdir") == 0;
  case EACCES:
  case EPERM:
  case EROFS:
  case ENOSPC:
  case EDQUOT:
  case ENOTDIR:
  case ELOOP:
  case ENAMETOOLONG:
  case EOPNOTSUPP:
  case ENODEV: return true;
  default: return false;
  }
}

bool ipc_advise_directory(ipc_error *e) {
  if (!concerns_directory(e)) return false;
  size_t length = strlen(e->message);
  snprintf(
      e->message + length, sizeof e->message - length,
      "; set IPC_DIR to another directory: one of this user alone (0700), or one that can be made, "
      "on a local file system that is writable and has some megabytes free");
  return false;
}
