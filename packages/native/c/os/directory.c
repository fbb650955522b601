/* Files in a directory of ours; what they promise is in directory.h. */
#include "os/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* ---- patience and locks --------------------------------------------------- */

static const long FIRST_PAUSE_NS = 100 * 1000, LONGEST_PAUSE_NS = 5 * 1000 * 1000;

ipc_patience ipc_patience_of(int ms) {
  return ipc_patience_until(ipc_now_ns() + (uint64_t)ms * 1000000u);
}

ipc_patience ipc_patience_until(uint64_t deadline_ns) {
  return (ipc_patience){.deadline_ns = deadline_ns, .pause_ns = FIRST_PAUSE_NS};
}

bool ipc_patience_over(const ipc_patience *patience) {
  return ipc_now_ns() >= patience->deadline_ns;
}

bool ipc_patience_pause(ipc_patience *patience) {
  if (ipc_patience_over(patience)) return false;
  struct timespec pause = {.tv_nsec = patience->pause_ns};
  nanosleep(&pause, NULL); /* cut short by a signal: looking again early is fine */
  patience->pause_ns *= 2;
  if (patience->pause_ns > LONGEST_PAUSE_NS) patience->pause_ns = LONGEST_PAUSE_NS;
  return true;
}

bool ipc_flock(int fd, int operation) {
  int result;
  do result = flock(fd, operation | LOCK_NB);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

static bool flock_patiently(int fd, int operation, ipc_patience *patience) {
  while (!ipc_flock(fd, operation))
    if (errno != EWOULDBLOCK || !ipc_patience_pause(patience)) return false;
  return true;
}

void ipc_unlock_close(int fd) {
  flock(fd, LOCK_UN);
  close(fd);
}

const char *ipc_path_of(const ipc_domain *domain, const char *file, char path[IPC_PATH_BYTES]) {
  snprintf(path, IPC_PATH_BYTES, "%s/%s", domain->path, file);
  return path;
}

/* ---- names ---------------------------------------------------------------- */

/* Opens a descriptor of its own: a lock belongs to the opening, so that threads exclude one another too. */
int ipc_names_lock(int directory, int operation, ipc_patience *patience, const char *path,
                   ipc_error *e) {
  int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    ipc_fail_errno(e, NULL, "open", path, "lock the directory of %s", path);
    return -1;
  }
  if (flock_patiently(fd, operation, patience)) return fd;
  if (errno == EWOULDBLOCK)
    ipc_fail(e, "ERR_IPC_IN_USE", path,
             "lock the directory of %s: another process holds it for longer than an instant; is it "
             "stopped?",
             path);
  else
    ipc_fail_errno(e, NULL, "flock", path, "lock the directory of %s", path);
  close(fd);
  return -1;
}

static bool same_file(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool ipc_leads_to(int directory, const char *name, const struct stat *file) {
  struct stat now;
  return ipc_stat_at(directory, name, &now) == 0 && same_file(&now, file);
}

/* Under the lock it cannot happen that somebody removes the name and another one makes a new file of
 * that name between the check and the removal. */
ipc_outcome ipc_name_remove(int directory, const char *name, const struct stat *file,
                            ipc_patience *patience, const char *path, ipc_error *e) {
  int lock = ipc_names_lock(directory, LOCK_EX, patience, path, e);
  if (lock < 0) return IPC_FAILED;
  ipc_outcome outcome = IPC_OK;
  if (!ipc_leads_to(directory, name, file))
    outcome = IPC_ABSENT;
  else if (unlinkat(directory, name, 0) != 0)
    outcome = ipc_fail_errno(e, NULL, "unlink", path, "remove %s", path);
  ipc_unlock_close(lock);
  return outcome;
}

/* ---- opening what is there ------------------------------------------------- */

static const char *type_of(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFLNK: return "a symbolic link";
  case S_IFDIR: return "a directory";
  case S_IFIFO: return "a pipe";
  case S_IFSOCK: return "a socket";
  default: return "a device";
  }
}

bool ipc_check_plain(const struct stat *file, const char *path, ipc_error *e) {
  const char *code = "ERR_IPC_CORRUPT";
  if (!S_ISREG(file->st_mode))
    return ipc_fail(e, code, path, "open %s: it is %s, not a regular file", path,
                    type_of(file->st_mode));
  if (file->st_uid != geteuid())
    return ipc_fail(e, code, path, "open %s: it belongs to user %u, not to %u", path,
                    (unsigned)file->st_uid, (unsigned)geteuid());
  if ((file->st_mode & 07777) != 0600)
    return ipc_fail(e, code, path, "open %s: its mode is %04o, not 0600", path,
                    (unsigned)(file->st_mode & 07777));
  if (file->st_nlink != 1)
    return ipc_fail(e, code, path, "open %s: it has %lu names, not one", path,
                    (unsigned long)file->st_nlink);
  return true;
}

/* The file is open: checks that it is still the one of that name, and plain. */
static ipc_outcome look_at(int directory, const char *name, const char *path, int fd,
                           struct stat *file, ipc_error *e) {
  if (ipc_stat(fd, file) != 0) return ipc_fail_errno(e, NULL, "fstat", path, "open %s", path);
  /* While a name is removed it may still lead to a file that has none. */
  if (file->st_nlink == 0 || !ipc_leads_to(directory, name, file)) return IPC_AGAIN;
  return ipc_check_plain(file, path, e) ? IPC_OK : IPC_FAILED;
}

/* O_NONBLOCK: a pipe must not hang us. */
static ipc_outcome open_any(int directory, const char *name, const char *path, int *fd,
                            ipc_error *e) {
  *fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (*fd >= 0) return IPC_OK;
  int number = errno;
  if (number == ENOENT) return IPC_ABSENT;
  /* Its kind or its mode says best why it cannot be opened: a link, a directory, 0400. */
  struct stat file;
  if (ipc_stat_at(directory, name, &file) == 0 && !ipc_check_plain(&file, path, e))
    return IPC_FAILED;
  errno = number;
  return ipc_fail_errno(e, NULL, "open", path, "open %s", path);
}

static ipc_outcome close_unless_ok(ipc_outcome outcome, int *fd) {
  if (outcome == IPC_OK) return outcome;
  ipc_unlock_close(*fd);
  *fd = -1;
  return outcome;
}

ipc_outcome ipc_open_plain(int directory, const char *name, const char *path, int *fd,
                           struct stat *file, ipc_error *e) {
  ipc_outcome outcome = open_any(directory, name, path, fd, e);
  if (outcome != IPC_OK) return outcome;
  return close_unless_ok(look_at(directory, name, path, *fd, file, e), fd);
}

ipc_outcome ipc_open_shared(int directory, const char *name, const char *path,
                            ipc_patience *patience, int *fd, struct stat *file, ipc_error *e) {
  ipc_outcome outcome = open_any(directory, name, path, fd, e);
  if (outcome != IPC_OK) return outcome;
  if (flock_patiently(*fd, LOCK_SH, patience))
    outcome = look_at(directory, name, path, *fd, file, e);
  else if (errno == EWOULDBLOCK)
    outcome = ipc_fail(e, "ERR_IPC_IN_USE", path, "open %s: another process is replacing it", path);
  else
    outcome = ipc_fail_errno(e, NULL, "flock", path, "open %s", path);
  return close_unless_ok(outcome, fd);
}

ssize_t ipc_read(int fd, void *to, size_t bytes) { return ipc_read_at(fd, to, bytes, 0); }

ssize_t ipc_read_at(int fd, void *to, size_t bytes, off_t from) {
  size_t have = 0;
  while (have < bytes) {
    ssize_t n = pread(fd, (char *)to + have, bytes - have, from + (off_t)have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    have += (size_t)n;
  }
  return (ssize_t)have;
}

bool ipc_random(void *to, size_t bytes, ipc_error *e) {
  ssize_t n;
  do n = getrandom(to, bytes, 0); /* up to 256 bytes come at once */
  while (n < 0 && errno == EINTR);
  if (n == (ssize_t)bytes) return true;
  return ipc_fail_errno(e, NULL, "getrandom", NULL, "draw a random number");
}

/* ---- files made aside -------------------------------------------------------- */

static int write_zeros(int fd, off_t from, off_t to) {
  static const char zeros[4096];
  while (from < to) {
    size_t n = to - from < (off_t)sizeof zeros ? (size_t)(to - from) : sizeof zeros;
    ssize_t written = pwrite(fd, zeros, n, from);
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) from += written;
  }
  return 0;
}

/* Without this, a full tmpfs gives SIGBUS on the first touch. It allocates in pieces, because a signal
 * undoes the whole call, and a timer would keep a large one from ending. */
static int allocate(int fd, off_t bytes) {
  const off_t piece = 16 * 1024 * 1024;
  for (off_t at = 0; at < bytes; at += piece) {
    off_t n = bytes - at < piece ? bytes - at : piece;
    int number;
    do number = posix_fallocate(fd, at, n);
    while (number == EINTR);
    if (number == EOPNOTSUPP || number == ENOSYS) /* musl leaves it to us */
      number = write_zeros(fd, at, at + n);
    if (number != 0) return number;
  }
  return 0;
}

static bool is_without_tmpfile(int number) {
  return number == EOPNOTSUPP || number == EISDIR || number == EINVAL;
}

static bool open_aside(int directory, const char *path, ipc_aside *aside, ipc_error *e) {
  aside->temporary[0] = '\0';
  aside->fd = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (aside->fd < 0 && is_without_tmpfile(errno)) {
    uint64_t random;
    if (!ipc_random(&random, sizeof random, e)) return false;
    snprintf(aside->temporary, sizeof aside->temporary, IPC_TEMPORARY "%016llx",
             (unsigned long long)random);
    aside->fd = openat(directory, aside->temporary,
                       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (aside->fd < 0) aside->temporary[0] = '\0';
    /* From its first byte on it can be known as ours; see ipc_file_sweep. */
    const int32_t magic = IPC_MAGIC;
    if (aside->fd >= 0 && pwrite(aside->fd, &magic, sizeof magic, 0) != (ssize_t)sizeof magic) {
      ipc_fail_errno(e, NULL, "write", path, "make %s", path);
      ipc_aside_drop(directory, aside);
      return false;
    }
  }
  return aside->fd >= 0 || ipc_fail_errno(e, NULL, "open", path, "make %s", path);
}

bool ipc_aside_make(int directory, int64_t bytes, const char *path, ipc_aside *aside,
                    ipc_error *e) {
  if (!open_aside(directory, path, aside, e)) return false;
  const char *call = "fchmod"; /* the umask may have taken bits of ours */
  if (fchmod(aside->fd, 0600) == 0) {
    /* The lock comes before the name: a process that finds the file must see that it is in use. A file
     * with a temporary name may be swept away here; publishing it then says AGAIN. */
    ipc_patience patience = ipc_patience_of(IPC_PATIENCE_MS);
    call = "flock";
    if (flock_patiently(aside->fd, LOCK_SH, &patience)) {
      call = "fallocate";
      if ((errno = allocate(aside->fd, bytes)) == 0) return true;
    }
  }
  ipc_fail_errno(e, NULL, call, path, "make %s of %lld bytes", path, (long long)bytes);
  ipc_aside_drop(directory, aside);
  return false;
}

ipc_outcome ipc_aside_publish(int directory, ipc_aside *aside, const char *name, const char *path,
                              ipc_error *e) {
  enum { NO_REPLACE = 1 }; /* RENAME_NOREPLACE; link and unlink would show two names for a moment */
  bool named = aside->temporary[0] != '\0';
  char self[40];
  snprintf(self, sizeof self, "/proc/self/fd/%d", aside->fd);
  long result =
      named ? syscall(SYS_renameat2, directory, aside->temporary, directory, name, NO_REPLACE)
            : linkat(AT_FDCWD, self, directory, name, AT_SYMLINK_FOLLOW);
  if (result == 0) {
    aside->temporary[0] = '\0';
    return IPC_OK;
  }
  if (errno == EEXIST || (errno == ENOENT && named)) return IPC_AGAIN;
  return ipc_fail_errno(e, NULL, named ? "rename" : "link", path, "make %s", path);
}

/* The file system's own answer is truer than its numbers and modes, so this makes a file for a moment.
 * Where a file must have a name, other programs could see it, and the numbers must do. */
bool ipc_aside_try(int directory, int64_t bytes, const char *call, const char *path, ipc_error *e) {
  int fd = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0 && is_without_tmpfile(errno)) {
    struct statfs fs;
    bool ok = faccessat(directory, ".", W_OK | X_OK, 0) == 0 && fstatfs(directory, &fs) == 0;
    if (ok && (int64_t)fs.f_bavail * fs.f_bsize >= bytes) return true;
    if (ok) errno = ENOSPC;
    return ipc_fail_errno(e, NULL, call, path, "use the directory %s", path);
  }
  int number = fd < 0 ? errno : allocate(fd, bytes);
  if (fd >= 0) close(fd);
  if (number == 0) return true;
  errno = number;
  return ipc_fail_errno(e, NULL, fd < 0 ? call : "fallocate", path,
                        fd < 0 ? "use the directory %s" : "make a registry in %s", path);
}

void ipc_aside_drop(int directory, ipc_aside *aside) {
  if (aside->temporary[0] != '\0') unlinkat(directory, aside->temporary, 0);
  ipc_unlock_close(aside->fd);
  aside->fd = -1;
}
