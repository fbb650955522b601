/* The registry of a directory: one file that is found or made, and stays mapped forever. */
#include "os/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool read_boot_id(char out[40], ipc_error *e) {
  const char *path = "/proc/sys/kernel/random/boot_id";
  memset(out, 0, 40);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  const char *call = fd < 0 ? "open" : "read";
  ssize_t n = fd < 0 ? -1 : ipc_read(fd, out, 39);
  if (n <= 0)
    ipc_fail_errno(
        e, "ERR_IPC_UNSUPPORTED", call, path,
        "read %s, which tells one start of the machine from another (process scope needs "
        "/proc to be mounted)",
        path);
  if (fd >= 0) close(fd);
  out[strcspn(out, "\n")] = '\0';
  return n > 0;
}

static ipc_registry *map(int fd, const char *path, ipc_error *e) {
  int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
  void *memory = mmap(NULL, sizeof(ipc_registry), PROT_READ | PROT_WRITE, flags, fd, 0);
  if (memory != MAP_FAILED) return memory;
  ipc_fail_errno(e, NULL, "mmap", path, "map %s", path);
  return NULL;
}

/* Nobody else can see the registry yet. One that has no file does not outlast a start of the machine, so
 * it needs no boot id. */
static bool initialise(ipc_registry *registry, bool has_file, ipc_error *e) {
  ipc_registry_header *header = &registry->header;
  int32_t id[2];
  if ((has_file && !read_boot_id(header->boot_id, e)) || !ipc_random(id, sizeof id, e))
    return false;
  memcpy(header->magic, IPC_REGISTRY_MAGIC, sizeof header->magic);
  header->layout = IPC_LAYOUT;
  header->slots = IPC_SLOTS;
  header->id_low = id[0];
  header->id_high = id[1];
  ipc_agents_abi(header->abi);
  return ipc_agents_init(registry, e);
}

ipc_registry *ipc_registry_make(ipc_error *e) {
  ipc_registry *registry = map(-1, "a registry for this process", e);
  if (registry == NULL || initialise(registry, false, e)) return registry;
  munmap(registry, sizeof *registry);
  return NULL;
}

bool ipc_registry_private(ipc_domain *domain, ipc_error *e) {
  domain->registry_file = -1;
  domain->registry = ipc_registry_of_process(e);
  return domain->registry != NULL;
}

static ipc_outcome make(ipc_domain *domain, const char *path, ipc_error *e) {
  ipc_aside aside;
  if (!ipc_aside_make(domain->directory, sizeof(ipc_registry), path, &aside, e)) return IPC_FAILED;
  ipc_outcome outcome = IPC_FAILED;
  struct stat file;
  ipc_registry *registry = map(aside.fd, path, e);
  if (registry != NULL && initialise(registry, true, e)) {
    if (ipc_stat(aside.fd, &file) == 0)
      outcome = ipc_aside_publish(domain->directory, &aside, IPC_REGISTRY_FILE, path, e);
    else
      ipc_fail_errno(e, NULL, "fstat", path, "make %s", path);
  }
  if (outcome == IPC_OK) {
    domain->registry = registry;
    domain->registry_id[0] = registry->header.id_low;
    domain->registry_id[1] = registry->header.id_high;
    domain->registry_file = aside.fd;
    domain->registry_inode = file.st_ino;
    return IPC_OK;
  }
  if (registry != NULL) munmap(registry, sizeof(ipc_registry)); /* no name, so no agent in it */
  ipc_aside_drop(domain->directory, &aside);
  return outcome;
}

/* Size and slots belong to a layout: in a registry of another layout they say nothing. */
static ipc_outcome believe(int fd, const struct stat *file, const char *path,
                           ipc_registry_header *header, ipc_error *e) {
  const char *code = "ERR_IPC_CORRUPT";
  ssize_t n = ipc_read(fd, header, sizeof *header);
  if (n < 0) return ipc_fail_errno(e, NULL, "read", path, "open %s", path);
  if (n < (ssize_t)sizeof *header)
    return ipc_fail(e, code, path, "open %s: it was cut to %zd bytes", path, n);
  if (memcmp(header->magic, IPC_REGISTRY_MAGIC, sizeof header->magic) != 0)
    return ipc_fail(e, code, path, "open %s: it is not a registry (wrong magic)", path);
  if (header->layout != IPC_LAYOUT) return IPC_OK;
  if (file->st_size != (off_t)sizeof(ipc_registry))
    return ipc_fail(e, code, path, "open %s: it has %lld bytes, not %zu", path,
                    (long long)file->st_size, sizeof(ipc_registry));
  if (header->slots != IPC_SLOTS)
    return ipc_fail(e, code, path, "open %s: it has %d slots, not %d", path, header->slots,
                    IPC_SLOTS);
  return IPC_OK;
}

/* A registry of another boot, of another C library or of another version's layout is of use to nobody
 * here: it is made anew as soon as nobody has it open. LOCK_EX lets only one process remove it. */
static ipc_outcome replace(ipc_domain *domain, int fd, const struct stat *file, const char *path,
                           ipc_patience *patience, ipc_patience *grace, ipc_error *e) {
  if (ipc_flock(fd, LOCK_EX)) {
    ipc_outcome outcome =
        ipc_name_remove(domain->directory, IPC_REGISTRY_FILE, file, patience, path, e);
    return outcome == IPC_FAILED ? IPC_FAILED : IPC_AGAIN;
  }
  /* The process that has it open may be another opener, like this one. */
  return ipc_patience_pause(grace) ? IPC_AGAIN : IPC_FOREIGN;
}

static ipc_outcome attach(ipc_domain *domain, bool look, const char *path, ipc_patience *patience,
                          ipc_patience *grace, ipc_error *e) {
  int fd;
  struct stat file;
  ipc_outcome outcome =
      ipc_open_shared(domain->directory, IPC_REGISTRY_FILE, path, patience, &fd, &file, e);
  if (outcome != IPC_OK) return outcome;

  ipc_registry_header header;
  char boot_id[40], abi[40];
  ipc_agents_abi(abi);
  outcome = believe(fd, &file, path, &header, e);
  if (outcome == IPC_OK && !read_boot_id(boot_id, e)) outcome = IPC_FAILED;
  if (outcome == IPC_OK) {
    bool same_boot = strncmp(header.boot_id, boot_id, sizeof boot_id) == 0;
    bool same_abi = strncmp(header.abi, abi, sizeof abi) == 0;
    bool same_layout = header.layout == IPC_LAYOUT;
    if (look && !same_boot)
      outcome = IPC_ABSENT;
    else if (!same_boot || !same_abi || !same_layout)
      outcome = look ? IPC_FOREIGN : replace(domain, fd, &file, path, patience, grace, e);
    if (outcome == IPC_FOREIGN && !same_layout)
      outcome = ipc_fail(e, "ERR_IPC_UNSUPPORTED", path,
                         "open %s: it is in use by a process with another version of this "
                         "library (layout %d; this one: %d)",
                         path, header.layout, IPC_LAYOUT);
    else if (outcome == IPC_FOREIGN && !same_abi)
      outcome = ipc_fail(e, "ERR_IPC_UNSUPPORTED", path,
                         "open %s: it is in use by a process with another C library or CPU "
                         "(%.40s; this one: %.40s), and their mutexes do not mix",
                         path, header.abi, abi);
    else if (outcome == IPC_FOREIGN)
      outcome = ipc_fail(e, "ERR_IPC_IN_USE", path,
                         "open %s: it is of another boot (%.40s), and a process has it open", path,
                         header.boot_id);
  }
  if (outcome == IPC_OK && (domain->registry = map(fd, path, e)) == NULL) outcome = IPC_FAILED;
  if (outcome != IPC_OK) {
    ipc_unlock_close(fd);
    return outcome;
  }
  domain->registry_id[0] = header.id_low;
  domain->registry_id[1] = header.id_high;
  domain->registry_file = fd;
  domain->registry_inode = file.st_ino;
  return IPC_OK;
}

static bool absent(const char *path, ipc_error *e) {
  errno = ENOENT;
  return ipc_fail_errno(e, NULL, "open", path, "open %s", path);
}

bool ipc_registry_open(ipc_domain *domain, bool look, ipc_error *e) {
  char path[IPC_PATH_BYTES];
  ipc_path_of(domain, IPC_REGISTRY_FILE, path);
  ipc_patience patience = ipc_patience_of(IPC_PATIENCE_MS), grace = ipc_patience_of(IPC_GRACE_MS);
  for (;;) {
    ipc_outcome outcome = attach(domain, look, path, &patience, &grace, e);
    if (outcome == IPC_ABSENT && look) return absent(path, e);
    if (outcome == IPC_ABSENT) outcome = make(domain, path, e);
    if (outcome == IPC_OK) return true;
    if (outcome == IPC_FAILED) return false;
    if (ipc_patience_over(&patience))
      return ipc_fail(e, "ERR_IPC_IN_USE", path, "open %s: other processes keep replacing it",
                      path);
  }
}

/* ---- would there be one? -------------------------------------------------------- */

bool ipc_boot_check(ipc_error *e) {
  char boot_id[40];
  return read_boot_id(boot_id, e);
}

bool ipc_registry_fits(int directory, const char *call, const char *path, ipc_error *e) {
  return ipc_aside_try(directory, sizeof(ipc_registry), call, path, e);
}

/* A registry that a process of another kind has made is replaced once nobody has it open. */
static bool is_in_use(int directory, const char *path, ipc_error *e) {
  int fd;
  struct stat file;
  ipc_error ignored;
  if (ipc_open_plain(directory, IPC_REGISTRY_FILE, path, &fd, &file, &ignored) != IPC_OK)
    return false;
  bool in_use = !ipc_flock(fd, LOCK_EX);
  ipc_unlock_close(fd);
  return in_use && e->code != NULL;
}

bool ipc_registry_check(int directory, const char *path, ipc_error *e) {
  ipc_domain domain = {.directory = directory};
  snprintf(domain.path, sizeof domain.path, "%s", path);
  char file[IPC_PATH_BYTES];
  ipc_path_of(&domain, IPC_REGISTRY_FILE, file);
  ipc_patience patience = ipc_patience_of(IPC_PATIENCE_MS), grace = ipc_patience_of(IPC_GRACE_MS);
  ipc_outcome outcome;
  do outcome = attach(&domain, true, file, &patience, &grace, e);
  while (outcome == IPC_AGAIN && !ipc_patience_over(&patience));
  if (outcome == IPC_OK) {
    munmap(domain.registry, sizeof *domain.registry);
    ipc_unlock_close(domain.registry_file);
    return true;
  }
  bool failed = outcome == IPC_FAILED;
  if (failed && (strcmp(e->code, "ERR_IPC_UNSUPPORTED") != 0 || is_in_use(directory, file, e)))
    return false;
  return ipc_registry_fits(directory, "open", path, e);
}
