/* The names in a directory: remove one, list them all, remove those nobody uses. */
#include "os/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The header and the opener table, which are one page or less. */
enum { TABLE_BYTES = IPC_WORD_DATA * 4 };

static ipc_word *map_table(int fd, const char *path, ipc_error *e) {
  void *memory = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory != MAP_FAILED) return memory;
  ipc_fail_errno(e, NULL, "mmap", path, "map %s", path);
  return NULL;
}

static void unmap_table(ipc_word *words) {
  if (words != NULL) munmap((void *)words, TABLE_BYTES);
}

/* ---- unlink ---------------------------------------------------------------------- */

static bool refuse(ipc_domain *domain, const char *path, const ipc_agent *agents, int count,
                   ipc_error *e) {
  enum { SHOWN = 5 };
  char list[SHOWN * 40 + 1] = "";
  ipc_identity seen[SHOWN];
  int shown = 0;
  for (int i = 0; i < count && shown < SHOWN; i++) {
    ipc_identity one;
    if (!ipc_agent_identify(domain, agents[i], &one)) continue; /* it has ended meanwhile */
    bool known = false;
    for (int k = 0; k < shown; k++)
      known = known || (seen[k].pid == one.pid && seen[k].foreign == one.foreign);
    if (known) continue;
    size_t length = strlen(list);
    snprintf(list + length, sizeof list - length, "%spid %d%s", shown > 0 ? ", " : "", one.pid,
             one.foreign ? " of another namespace" : "");
    seen[shown++] = one;
  }
  return ipc_fail(e, "ERR_IPC_IN_USE", path, "unlink %s: another process has it open (%s%s)", path,
                  shown == 0 ? "it has ended meanwhile" : list, shown == SHOWN ? ", ..." : "");
}

/* Somebody holds LOCK_SH, so the table must tell who. While we hold the directory's LOCK_EX nobody
 * joins; a process that holds LOCK_SH without standing in the table is about to find the name gone
 * (file.c, join) or has left already. The name goes before the poison is set: if we die in between, the
 * users still see that the file has no name. */
static ipc_outcome remove_used(ipc_domain *domain, const char *file, int fd,
                               const struct stat *stat, bool force, ipc_patience *patience,
                               const char *path, ipc_error *e) {
  ipc_word *words = map_table(fd, path, e);
  if (words == NULL) return IPC_FAILED;
  ipc_outcome outcome = IPC_OK;
  int lock = ipc_names_lock(domain->directory, LOCK_EX, patience, path, e);
  if (lock < 0) {
    outcome = IPC_FAILED;
  } else {
    ipc_agent agents[IPC_OPENERS];
    int others = force ? 0 : ipc_live_openers(domain, words, true, agents);
    if (!ipc_leads_to(domain->directory, file, stat))
      outcome = IPC_AGAIN;
    else if (others > 0)
      outcome = refuse(domain, path, agents, others, e);
    else if (unlinkat(domain->directory, file, 0) != 0)
      outcome = ipc_fail_errno(e, NULL, "unlink", path, "unlink %s", path);
    else
      atomic_store(&words[IPC_WORD_POISON], 1);
    ipc_unlock_close(lock);
  }
  if (outcome == IPC_OK) {
    ipc_mapping users = {.domain = domain, .fd = -1, .words = words, .bytes = TABLE_BYTES};
    snprintf(users.file, sizeof users.file, "%s", file);
    ipc_nudge_openers(&users);
  }
  unmap_table(words);
  return outcome;
}

/* `force` also removes what cannot be believed, if it is a file of ours at all. */
static ipc_outcome remove_corrupt(ipc_domain *domain, const char *file, ipc_patience *patience,
                                  const char *path, ipc_error *e) {
  struct stat stat;
  if (ipc_stat_at(domain->directory, file, &stat) != 0 || !S_ISREG(stat.st_mode) ||
      stat.st_uid != geteuid())
    return IPC_FAILED; /* with the error that there is */
  ipc_outcome outcome = ipc_name_remove(domain->directory, file, &stat, patience, path, e);
  return outcome == IPC_ABSENT ? IPC_AGAIN : outcome;
}

static ipc_outcome unlink_once(ipc_domain *domain, const char *file, bool force, const char *path,
                               ipc_patience *patience, ipc_patience *grace, ipc_error *e) {
  int fd;
  struct stat stat;
  ipc_header header;
  ipc_outcome outcome = ipc_open_plain(domain->directory, file, path, &fd, &stat, e);
  if (outcome == IPC_FAILED && force) return remove_corrupt(domain, file, patience, path, e);
  if (outcome != IPC_OK) return outcome;

  outcome = ipc_header_read(domain, file, fd, &stat, path, &header, e);
  if (outcome == IPC_FAILED) {
    if (force) outcome = remove_corrupt(domain, file, patience, path, e);
  } else if (ipc_flock(fd, LOCK_EX)) {
    outcome = ipc_name_remove(domain->directory, file, &stat, patience, path, e);
    if (outcome == IPC_ABSENT) outcome = IPC_AGAIN;
  } else if (outcome == IPC_OK || force) {
    outcome = remove_used(domain, file, fd, &stat, force, patience, path, e);
  } else if (ipc_patience_pause(grace)) {
    outcome = IPC_AGAIN;
  } else {
    outcome = ipc_fail(e, "ERR_IPC_CORRUPT", path,
                       "unlink %s: it belongs to another registry of %s, and a process has it open",
                       path, domain->path);
  }
  ipc_unlock_close(fd);
  return outcome;
}

static bool check_names(const ipc_domain *domain, ipc_error *e) {
  return domain->directory >= 0 ||
         ipc_fail(e, "ERR_IPC_UNSUPPORTED", NULL, "look for names: the private domain has none");
}

bool ipc_file_unlink(ipc_domain *domain, const char *file, bool force, bool *existed,
                     ipc_error *e) {
  *existed = false;
  ipc_file_name name;
  if (!check_names(domain, e) || !ipc_file_name_check(file, &name, e)) return false;
  char path[IPC_PATH_BYTES];
  ipc_path_of(domain, file, path);
  ipc_patience patience = ipc_patience_of(IPC_PATIENCE_MS), grace = ipc_patience_of(IPC_GRACE_MS);
  for (;;) {
    ipc_outcome outcome = unlink_once(domain, file, force, path, &patience, &grace, e);
    *existed = outcome == IPC_OK;
    if (outcome == IPC_OK || outcome == IPC_ABSENT) return true;
    if (outcome == IPC_FAILED) return false;
    if (ipc_patience_over(&patience))
      return ipc_fail(e, "ERR_IPC_IN_USE", path, "unlink %s: other processes keep replacing it",
                      path);
  }
}

/* ---- all of them -------------------------------------------------------------------- */

typedef void visitor(ipc_domain *domain, const char *file, void *context);

static bool for_each(ipc_domain *domain, visitor *visit, void *context, ipc_error *e) {
  int fd = openat(domain->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL) {
    ipc_fail_errno(e, NULL, "open", domain->path, "list %s", domain->path);
    if (fd >= 0) close(fd);
    return false;
  }
  struct dirent *entry;
  while (errno = 0, (entry = readdir(directory)) != NULL)
    if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN)
      visit(domain, entry->d_name, context);
  bool ok = errno == 0;
  if (!ok) ipc_fail_errno(e, NULL, "readdir", domain->path, "list %s", domain->path);
  closedir(directory);
  return ok;
}

typedef struct {
  char path[IPC_PATH_BYTES];
  ipc_file_name name;
  int fd;
  struct stat stat;
  ipc_header header;
  bool foreign; /* of another registry */
} found;

/* Passes over a file that vanishes or is not sound: there is nobody to tell. */
static bool open_found(ipc_domain *domain, const char *file, found *f) {
  ipc_error ignored;
  ipc_path_of(domain, file, f->path);
  if (!ipc_file_name_parse(file, &f->name) ||
      ipc_open_plain(domain->directory, file, f->path, &f->fd, &f->stat, &ignored) != IPC_OK)
    return false;
  ipc_outcome outcome =
      ipc_header_read(domain, file, f->fd, &f->stat, f->path, &f->header, &ignored);
  f->foreign = outcome == IPC_FOREIGN;
  if (outcome != IPC_FAILED) return true;
  ipc_unlock_close(f->fd);
  return false;
}

/* Nobody has LOCK_EX as long as anyone has the file open. */
static bool remove_unused(ipc_domain *domain, const char *file, int fd, const struct stat *stat,
                          ipc_patience *patience) {
  ipc_error ignored;
  return ipc_flock(fd, LOCK_EX) &&
         ipc_name_remove(domain->directory, file, stat, patience, file, &ignored) == IPC_OK;
}

/* ---- abandoned: the next owner must be told ---- */

typedef bool agent_test(ipc_domain *domain, ipc_agent agent);

static bool any_owner(ipc_domain *domain, const found *f, agent_test *test) {
  enum { POISON = 1, AGENT_BITS = 0x3fffffff, PIECE = 256 };
  int32_t at = f->header.word[IPC_WORD_OWNERS], left = f->header.word[IPC_WORD_OWNERS + 1];
  int32_t words = f->header.word[IPC_WORD_LENGTH];
  if (f->header.word[IPC_WORD_LAYOUT] != IPC_LAYOUT) return false; /* nobody knows what it says */
  if (at < 0 || left < 0 || at > words || left > words - at) return false;
  while (left > 0) {
    int32_t piece[PIECE], count = left < PIECE ? left : PIECE;
    ssize_t bytes = count * (ssize_t)sizeof *piece;
    if (ipc_read_at(f->fd, piece, (size_t)bytes, TABLE_BYTES + (off_t)at * 4) != bytes) return true;
    for (int i = 0; i < count; i++) {
      ipc_agent owner = piece[i] & AGENT_BITS;
      if (owner != 0 && owner != POISON && test(domain, owner)) return true;
    }
    at += count;
    left -= count;
  }
  return false;
}

/* For a file that nobody has open: then no agent that holds it lives, whatever registry the file belongs
 * to. */
static bool is_gone(ipc_domain *domain, ipc_agent agent) {
  (void)domain, (void)agent;
  return true;
}

typedef struct {
  void (*each)(const ipc_file_info *info, void *context);
  void *context;
  ipc_patience patience;
} listing;

static void list_found(ipc_domain *domain, const char *file, const found *f, listing *l) {
  ipc_error ignored;
  ipc_word *words = map_table(f->fd, f->path, &ignored);
  if (words == NULL) return;
  const int32_t *header = f->header.word;
  ipc_file_info info = {.words = header[IPC_WORD_LENGTH], .anonymous = f->name.anonymous};
  snprintf(info.file, sizeof info.file, "%s", file);
  memcpy(info.kind, f->name.kind, sizeof info.kind);
  memcpy(info.options, &header[IPC_WORD_OPTIONS], sizeof info.options);
  memcpy(info.id, &header[IPC_WORD_ID], sizeof info.id);
  info.abandoned = any_owner(domain, f, ipc_agent_is_dead);
  info.openers = ipc_live_openers(domain, words, false, info.agents);
  unmap_table(words);
  info.seen = info.words < IPC_SEEN_MAX ? info.words : IPC_SEEN_MAX;
  size_t bytes = (size_t)info.seen * sizeof *info.data;
  if (ipc_read_at(f->fd, info.data, bytes, TABLE_BYTES) != (ssize_t)bytes) info.seen = 0;
  l->each(&info, l->context);
}

static void list_one(ipc_domain *domain, const char *file, void *context) {
  listing *l = context;
  found f;
  if (!open_found(domain, file, &f)) return;
  bool gone = f.name.anonymous && remove_unused(domain, file, f.fd, &f.stat, &l->patience);
  if (!gone && !f.foreign) list_found(domain, file, &f, l);
  ipc_unlock_close(f.fd);
}

bool ipc_file_list(ipc_domain *domain, void (*each)(const ipc_file_info *info, void *context),
                   void *context, ipc_error *e) {
  listing l = {.each = each, .context = context, .patience = ipc_patience_of(IPC_GRACE_MS)};
  return check_names(domain, e) && for_each(domain, list_one, &l, e);
}

typedef struct {
  bool force;
  void (*each)(const char *file, void *context);
  void *context;
  ipc_patience patience;
} pruning;

static void prune_one(ipc_domain *domain, const char *file, void *context) {
  pruning *p = context;
  found f;
  if (!open_found(domain, file, &f)) return;
  /* The lock comes first: nobody has the file open then, so no owner can come or die after the check. */
  bool gone = ipc_flock(f.fd, LOCK_EX) && (p->force || !any_owner(domain, &f, is_gone)) &&
              remove_unused(domain, file, f.fd, &f.stat, &p->patience);
  ipc_unlock_close(f.fd);
  if (gone) p->each(file, p->context);
}

bool ipc_file_prune(ipc_domain *domain, bool force, void (*each)(const char *file, void *context),
                    void *context, ipc_error *e) {
  pruning p = {.force = force,
               .each = each,
               .context = context,
               .patience = ipc_patience_of(IPC_PATIENCE_MS)};
  return check_names(domain, e) && for_each(domain, prune_one, &p, e);
}

/* ---- what the dead left -------------------------------------------------------------- */

static bool is_temporary(const char *file) {
  enum { DIGITS = 16 };
  size_t prefix = strlen(IPC_TEMPORARY);
  return strncmp(file, IPC_TEMPORARY, prefix) == 0 && strlen(file) == prefix + DIGITS &&
         strspn(file + prefix, "0123456789abcdef") == DIGITS;
}

/* The process that made a file aside may have died before it wrote anything, and before it set the mode. */
static bool is_begun(int fd, const struct stat *file) {
  union {
    int32_t object;
    char registry[sizeof IPC_REGISTRY_MAGIC - 1];
  } magic = {0};
  if (file->st_size == 0) return true;
  return ipc_read(fd, &magic, sizeof magic) >= (ssize_t)sizeof magic.object &&
         (magic.object == IPC_MAGIC ||
          memcmp(magic.registry, IPC_REGISTRY_MAGIC, sizeof magic.registry) == 0);
}

/* An anonymous file got its name when it was complete. Where the layout is another version's, so is all
 * that follows it. */
static bool is_anonymous(int fd, const ipc_file_name *name) {
  ipc_header header;
  if (ipc_read(fd, &header, sizeof header) != (ssize_t)sizeof header) return false;
  const int32_t *word = header.word;
  if (word[IPC_WORD_MAGIC] != IPC_MAGIC) return false;
  return word[IPC_WORD_LAYOUT] != IPC_LAYOUT ||
         (word[IPC_WORD_ANONYMOUS] == 1 &&
          memcmp(&word[IPC_WORD_KIND], name->kind, strlen(name->kind)) == 0);
}

/* The directory may contain files of the user. So a file is removed only if its name has the form of
 * ours, and if its owner, its links and its content show that it is ours. */
static void sweep_one(ipc_domain *domain, const char *file, void *context) {
  ipc_file_name name;
  bool anonymous = ipc_file_name_parse(file, &name) && name.anonymous;
  if (!anonymous && !is_temporary(file)) return;
  int fd = openat(domain->directory, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return;
  struct stat stat;
  if (ipc_stat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_uid == geteuid() &&
      stat.st_nlink == 1 && (anonymous ? is_anonymous(fd, &name) : is_begun(fd, &stat)))
    remove_unused(domain, file, fd, &stat, context);
  ipc_unlock_close(fd);
}

/* A file that cannot be removed now is left to the next sweep. */
void ipc_file_sweep(ipc_domain *domain) {
  ipc_error ignored;
  ipc_patience patience = ipc_patience_of(IPC_GRACE_MS);
  for_each(domain, sweep_one, &patience, &ignored);
}
