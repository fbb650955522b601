/* Domains: directories that are fit for us, each with its registry, in a table. */
#include "os/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER; /* over adding to the table */
static ipc_domain *table[IPC_MAX_DOMAINS];
static atomic_int table_count; /* entries below it are complete, and stay */

ipc_domain *ipc_domain_at(int index) {
  return index >= 0 && index < atomic_load(&table_count) ? table[index] : NULL;
}

/* ---- is the directory fit? -------------------------------------------------- */

static void describe_owner(uid_t uid, char out[80]) {
  struct passwd entry, *found = NULL;
  char room[4096];
  if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found != NULL)
    snprintf(out, 80, "user %u (%.32s)", (unsigned)uid, found->pw_name);
  else
    snprintf(out, 80, "user %u", (unsigned)uid);
}

static bool unsafe(ipc_error *e, const char *path, const struct stat *directory) {
  const char *code = "ERR_IPC_UNSAFE_DIRECTORY";
  if (S_ISLNK(directory->st_mode))
    return ipc_fail(e, code, path, "use the directory %s: it is a symbolic link", path);
  if (!S_ISDIR(directory->st_mode))
    return ipc_fail(e, code, path, "use the directory %s: it is not a directory", path);
  char owner[80];
  describe_owner(directory->st_uid, owner);
  return ipc_fail(e, code, path,
                  "use the directory %s: it belongs to %s and its mode is %04o; it must be ours "
                  "(user %u) and closed to everybody else (0700)",
                  path, owner, (unsigned)(directory->st_mode & 07777), (unsigned)geteuid());
}

static bool is_ours_alone(const struct stat *directory) {
  return S_ISDIR(directory->st_mode) && directory->st_uid == geteuid() &&
         (directory->st_mode & 077) == 0;
}

/* Memory that is mapped from another machine, or through a daemon, is not shared. */
static const struct {
  uint32_t type;
  const char *name;
} unsupported[] = {
    {0x6969, "NFS"},          {0x517b, "SMB"},        {0xff534d42, "CIFS"},
    {0xfe534d42, "SMB2"},     {0x65735546, "FUSE"},   {0x01021997, "9P"},
    {0x5346414f, "AFS"},      {0x6b414653, "AFS"},    {0x00c36400, "Ceph"},
    {0x73757245, "Coda"},     {0x564c, "NCP"},        {0x01161970, "GFS2"},
    {0x7461636f, "OCFS2"},    {0x0bd00bd0, "Lustre"}, {0x47504653, "GPFS"},
    {0x20030528, "OrangeFS"}, {0x786f4256, "vboxsf"}, {0xbacbacbc, "vmhgfs"},
    {0x19830326, "BeeGFS"},   {0xaad7aaea, "PanFS"},  {0x7c7c6673, "prl_fs"},
};

static bool check_file_system(int fd, const char *path, ipc_error *e) {
  struct statfs fs;
  int result;
  do result = fstatfs(fd, &fs);
  while (result != 0 && errno == EINTR);
  if (result != 0) return ipc_fail_errno(e, NULL, "statfs", path, "use the directory %s", path);
  for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
    if ((uint32_t)fs.f_type == unsupported[i].type)
      return ipc_fail(e, "ERR_IPC_UNSUPPORTED", path,
                      "use the directory %s: its file system is %s, which does not share memory "
                      "between processes",
                      path, unsupported[i].name);
  return true;
}

static bool is_closed_to_us(const struct stat *directory) {
  return is_ours_alone(directory) && (directory->st_mode & 0700) != 0700;
}

/* Changes the mode of a file that was opened by O_PATH, which fchmod refuses. Never by its path, where
 * something else may be by now. */
static bool change_mode(int fd, mode_t mode) {
  char self[40];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  if (chmod(self, mode) == 0) return true;
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
  return syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH) ==
         0; /* Linux 6.6, also without /proc */
}

/* A umask takes bits from the mode of what mkdir makes; if the process dies between mkdir and this call,
 * they are missing forever. So a process that makes directories mends those that belong to this user
 * alone, whichever process made them. A user other than root cannot open a closed directory, so it is
 * examined by O_PATH. Nothing else is changed. */
static bool mend(const char *path) {
  int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  struct stat directory;
  bool ok = ipc_stat(fd, &directory) == 0 &&
            (!is_closed_to_us(&directory) || change_mode(fd, (directory.st_mode & 07777) | 0700));
  int number = errno;
  close(fd);
  errno = number;
  return ok;
}

/* Opens the directory, making it if there is none; whatever was opened is then
 * checked, so that it does not matter who won a race to make it. */
static int open_directory(const char *path, bool create, struct stat *directory, ipc_error *e) {
  int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const char *call = "open";
  int fd = open(path, flags);
  if (fd < 0 && errno == ENOENT && create) {
    call = "mkdir";
    if (mkdir(path, 0700) == 0 || errno == EEXIST) {
      call = "open";
      fd = open(path, flags);
    }
  }
  bool closed = fd < 0 && errno == EACCES && create && strcmp(call, "open") == 0;
  if (closed && mend(path))
    fd = open(path, flags);
  else if (closed && errno != EACCES)
    call = "chmod";
  if (fd < 0) {
    int number = errno;
    bool there = ipc_stat_at(AT_FDCWD, path, directory) == 0;
    errno = number;
    if (there && !is_ours_alone(directory))
      unsafe(e, path, directory);
    else if (there)
      ipc_fail_errno(e, NULL, call, path, "use the directory %s, whose mode is %04o", path,
                     (unsigned)(directory->st_mode & 07777));
    else
      ipc_fail_errno(e, NULL, call, path, "use the directory %s", path);
    return -1;
  }
  bool ok = ipc_stat(fd, directory) == 0;
  if (!ok)
    ipc_fail_errno(e, NULL, "fstat", path, "use the directory %s", path);
  else if (!is_ours_alone(directory))
    ok = unsafe(e, path, directory);
  else if (create && is_closed_to_us(directory)) /* opened all the same, by root or for reading */
    ok = fchmod(fd, (directory->st_mode & 07777) | 0700) == 0 ||
         ipc_fail_errno(e, NULL, "fchmod", path,
                        "open the directory %s, whose mode is %04o, to its owner", path,
                        (unsigned)(directory->st_mode & 07777));
  if (ok) return fd;
  close(fd);
  return -1;
}

/* ---- the table ---------------------------------------------------------------- */

/* Nobody can have reused the inode numbers: a domain keeps both files open. */
static ipc_domain *find(int fd, const struct stat *directory) {
  struct stat registry;
  for (int i = 0; i < atomic_load(&table_count); i++) {
    ipc_domain *domain = table[i];
    if (domain->directory >= 0 && domain->inode == directory->st_ino &&
        domain->device == directory->st_dev && ipc_stat_at(fd, IPC_REGISTRY_FILE, &registry) == 0 &&
        registry.st_ino == domain->registry_inode)
      return domain;
  }
  return NULL;
}

static ipc_domain *find_private(void) {
  for (int i = 0; i < atomic_load(&table_count); i++)
    if (table[i]->directory < 0) return table[i];
  return NULL;
}

static void discard(ipc_domain *domain) {
  if (domain == NULL) return;
  if (domain->directory >= 0 && domain->registry != NULL) {
    munmap(domain->registry, sizeof *domain->registry); /* no agent in it */
    ipc_unlock_close(domain->registry_file);
  }
  free(domain->ours);
  free(domain);
}

/* Makes a domain that is not in the table yet. If this succeeds, `fd` belongs to it; -1: the private
 * domain. */
static ipc_domain *make(const char *path, int fd, const struct stat *directory, bool look,
                        ipc_error *e) {
  ipc_domain *domain = calloc(1, sizeof *domain);
  if (domain == NULL || (domain->ours = calloc(IPC_SLOTS, sizeof *domain->ours)) == NULL) {
    ipc_fail_errno(e, NULL, "calloc", path, "use the directory %s", path);
    discard(domain);
    return NULL;
  }
  domain->directory = fd;
  if (fd >= 0) {
    snprintf(domain->path, sizeof domain->path, "%s", path);
    domain->device = directory->st_dev;
    domain->inode = directory->st_ino;
  }
  if (fd >= 0 ? ipc_registry_open(domain, look, e) : ipc_registry_private(domain, e)) return domain;
  domain->registry = NULL;
  discard(domain);
  return NULL;
}

/* Adds the domain to the table, unless another thread was faster: then it returns that thread's. `made`
 * is used up, but on failure its directory is still the caller's. */
static ipc_domain *add(ipc_domain *made, ipc_error *e) {
  pthread_mutex_lock(&table_lock);
  int index = atomic_load(&table_count);
  struct stat directory = {.st_dev = made->device, .st_ino = made->inode};
  ipc_domain *domain = made->directory >= 0 ? find(made->directory, &directory) : find_private();
  bool full = domain == NULL && index == IPC_MAX_DOMAINS;
  if (full)
    ipc_fail(e, "ERR_IPC_FULL", made->path,
             "use the directory %s: this process has used %d already", made->path, IPC_MAX_DOMAINS);
  if (domain == NULL && !full) {
    made->index = index;
    table[index] = domain = made;
    atomic_store(&table_count, index + 1);
  }
  pthread_mutex_unlock(&table_lock);
  if (domain == made) return domain;
  if (domain != NULL && made->directory >= 0) close(made->directory);
  discard(made);
  return domain;
}

typedef char directory_path[sizeof((ipc_domain *)0)->path];

/* Removes the slashes at the end of the path: with them, O_NOFOLLOW would follow "link/". */
static bool plain_path(const char *given, directory_path path, ipc_error *e) {
  size_t length = strlen(given);
  while (length > 1 && given[length - 1] == '/') length--;
  if (given[0] != '/')
    return ipc_fail(e, "ERR_IPC_UNSAFE_DIRECTORY", given,
                    "use the directory %.4000s: it is not absolute", given);
  if (length >= sizeof(directory_path)) {
    errno = ENAMETOOLONG;
    return ipc_fail_errno(e, NULL, "open", given, "use the directory %.4000s", given);
  }
  memcpy(path, given, length);
  path[length] = '\0';
  return true;
}

static ipc_domain *open_path(const char *given, ipc_domain_mode mode, ipc_error *e) {
  directory_path path;
  struct stat directory;
  if (!plain_path(given, path, e)) return NULL;
  int fd = open_directory(path, mode == IPC_MAKE, &directory, e);
  if (fd < 0) return NULL;
  ipc_domain *domain = find(fd, &directory);
  if (domain != NULL) {
    close(fd);
  } else {
    if (check_file_system(fd, path, e)) domain = make(path, fd, &directory, mode == IPC_LOOK, e);
    if (domain != NULL) domain = add(domain, e);
    if (domain == NULL) close(fd);
  }
  if (domain != NULL && mode != IPC_LOOK && !atomic_exchange(&domain->swept, true))
    ipc_file_sweep(domain);
  return domain;
}

static ipc_domain *open_private(ipc_error *e) {
  ipc_domain *domain = find_private();
  if (domain == NULL) domain = make("", -1, NULL, false, e);
  return domain == NULL || domain == find_private() ? domain : add(domain, e);
}

ipc_domain *ipc_domain_open(const char *path, ipc_domain_mode mode, ipc_error *e) {
  ipc_domain *domain = path != NULL ? open_path(path, mode, e) : open_private(e);
  if (domain == NULL) ipc_advise_directory(e);
  return domain;
}

/* ---- would it be fit? ---------------------------------------------------------- */

/* Opens the directory that `path` lies in, for a `path` that is not there yet. */
static int open_parent(const char *path, ipc_error *e) {
  directory_path parent;
  snprintf(parent, sizeof parent, "%s", path);
  char *slash = strrchr(parent, '/');
  slash[slash == parent] = '\0';
  int fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) ipc_fail_errno(e, NULL, "mkdir", path, "use the directory %s", path);
  return fd;
}

/* Whether a directory that is not there could be made in its parent, and would have room for the
 * registry. */
static bool check_parent(const char *path, ipc_error *e) {
  int fd = open_parent(path, e);
  if (fd < 0) return false;
  bool ok = check_file_system(fd, path, e) && ipc_registry_fits(fd, "mkdir", path, e);
  close(fd);
  return ok;
}

static bool check_there(int fd, const char *path, const struct stat *directory, ipc_error *e) {
  pthread_mutex_lock(&table_lock);
  bool known = find(fd, directory) != NULL;
  pthread_mutex_unlock(&table_lock);
  return known || (check_file_system(fd, path, e) && ipc_registry_check(fd, path, e));
}

static bool could_be_mended(const char *path) {
  int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  struct stat directory;
  struct statfs fs;
  bool could = ipc_stat(fd, &directory) == 0 && is_closed_to_us(&directory) &&
               fstatfs(fd, &fs) == 0 && (fs.f_flags & ST_RDONLY) == 0;
  close(fd);
  return could;
}

static bool check_path(const char *path, ipc_error *e) {
  if (!ipc_boot_check(e)) return false;
  if (could_be_mended(path)) return true;
  struct stat directory;
  int fd = open_directory(path, false, &directory, e);
  if (fd < 0) return e->number == ENOENT && check_parent(path, e);
  bool ok = check_there(fd, path, &directory, e);
  close(fd);
  return ok;
}

bool ipc_domain_check(const char *given, ipc_error *e) {
  directory_path path;
  return (plain_path(given, path, e) && check_path(path, e)) || ipc_advise_directory(e);
}
