/*
 * One file per object: open, create, close.
 *
 * A file gets its name when it is complete, and keeps its inode as long as anyone
 * has it open. Names are removed by others at any time, so opening is a loop:
 *
 *   open -> flock(LOCK_SH) -> does the name still lead here? -> check the header
 *        -> map -> join the opener table under the directory's lock -> done
 *   absent: make it aside, under flock(LOCK_SH), and link it; taken: start over
 *
 * A process that removes a name holds the file's LOCK_EX (then nobody has the file open, and a process
 * that comes now starts over at the third step), or has examined the opener table under the directory's
 * LOCK_EX (then an agent that joins later finds the name gone). So the remover has seen every opener, or
 * the opener sees the removal: nobody uses a file without a name in the belief that others can open it.
 */
#include "os/directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
  ipc_mapping *mapping;
  const ipc_open_request *request;
  const char *kind;
  char path[IPC_PATH_BYTES];
  ipc_patience patience; /* with those who are removing it */
  ipc_patience grace;    /* with those who are opening or closing it, before they count as users */
} opening;

static bool may_create(const ipc_open_request *request) {
  return request->create && !request->has_id;
}

/* ---- giving up what an opening has ---------------------------------------------- */

/* When two close at once, the last one that asks for LOCK_EX gets it, because asking for LOCK_EX first
 * drops one's own LOCK_SH. */
static void let_go(ipc_mapping *m, ipc_patience *patience) {
  if (m->fd < 0) return;
  struct stat file;
  if (m->words != NULL && atomic_load(&m->words[IPC_WORD_ANONYMOUS]) == 1 &&
      ipc_flock(m->fd, LOCK_EX) && ipc_stat(m->fd, &file) == 0) {
    ipc_error ignored; /* what is left behind is swept later */
    ipc_name_remove(m->domain->directory, m->file, &file, patience, m->file, &ignored);
  }
  ipc_unlock_close(m->fd);
  m->fd = -1;
}

static void unmap(ipc_mapping *m) {
  if (m->words != NULL) munmap((void *)m->words, m->bytes);
  m->words = NULL;
}

static ipc_outcome map(opening *o, int fd, size_t bytes, ipc_error *e) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED)
    return ipc_fail_errno(e, NULL, "mmap", o->path, "map %s, %zu bytes", o->path, bytes);
  o->mapping->words = memory;
  o->mapping->bytes = bytes;
  return IPC_OK;
}

/* From here on, anybody may change the words in the file. */
static void remember(ipc_mapping *m, const int32_t *header) {
  m->data_words = header[IPC_WORD_LENGTH];
  memcpy(m->options, &header[IPC_WORD_OPTIONS], sizeof m->options);
  memcpy(m->id, &header[IPC_WORD_ID], sizeof m->id);
}

/* ---- creating ---------------------------------------------------------------------- */

static ipc_outcome create(opening *o, ipc_error *e) {
  ipc_mapping *m = o->mapping;
  int32_t id[2];
  if (!ipc_random(id, sizeof id, e)) return IPC_FAILED;
  if (o->request->anonymous) {
    uint64_t number;
    if (!ipc_random(&number, sizeof number, e)) return IPC_FAILED;
    snprintf(m->file, sizeof m->file, "%s.~%016llx", o->kind, (unsigned long long)number);
    ipc_path_of(m->domain, m->file, o->path);
  }
  ipc_aside aside;
  int64_t bytes = ipc_file_bytes(o->request->words);
  if (!ipc_aside_make(m->domain->directory, bytes, o->path, &aside, e)) return IPC_FAILED;
  struct stat file;
  ipc_outcome outcome = map(o, aside.fd, (size_t)bytes, e);
  if (outcome == IPC_OK && ipc_stat(aside.fd, &file) != 0)
    outcome = ipc_fail_errno(e, NULL, "fstat", o->path, "make %s", o->path);
  if (outcome == IPC_OK) {
    ipc_header header;
    ipc_header_write(&header, m->words, m->domain, o->request, o->kind, id);
    remember(m, header.word);
    outcome = ipc_aside_publish(m->domain->directory, &aside, m->file, o->path, e);
  }
  if (outcome == IPC_OK) {
    m->fd = aside.fd;
    m->inode = file.st_ino;
  } else {
    ipc_aside_drop(m->domain->directory, &aside);
  }
  return outcome;
}

/* ---- attaching ---------------------------------------------------------------------- */

static void describe(const int32_t *options, int32_t words, char out[120]) {
  snprintf(out, 120, "%d words, options %d %d %d %d", words, options[0], options[1], options[2],
           options[3]);
}

/* Removes a file that nobody has open, to make way for one that fits. LOCK_SH does not become LOCK_EX in
 * one step: another process may remove the file in between, so the name is checked again. IPC_FOREIGN:
 * somebody has the file open. Another opener that does the same as we do will let go of it, so unless
 * the caller knows of users (`used`), it tries again for a while. */
static ipc_outcome make_way(opening *o, const struct stat *file, bool used, ipc_error *e) {
  ipc_mapping *m = o->mapping;
  if (!used && ipc_flock(m->fd, LOCK_EX)) {
    ipc_outcome outcome =
        ipc_name_remove(m->domain->directory, m->file, file, &o->patience, o->path, e);
    return outcome == IPC_FAILED ? IPC_FAILED : IPC_AGAIN;
  }
  return !used && ipc_patience_pause(&o->grace) ? IPC_AGAIN : IPC_FOREIGN;
}

static ipc_outcome of_another_registry(opening *o, const struct stat *file, ipc_error *e) {
  ipc_outcome outcome;
  if (may_create(o->request))
    outcome = make_way(o, file, false, e);
  else if (ipc_flock(o->mapping->fd, LOCK_EX))
    outcome = IPC_ABSENT; /* left over: the next create or prune removes it */
  else
    outcome = ipc_patience_pause(&o->grace) ? IPC_AGAIN : IPC_FOREIGN;
  if (outcome == IPC_FOREIGN)
    return ipc_fail(e, "ERR_IPC_CORRUPT", o->path,
                    "open %s: it belongs to another registry of %s, and a process has it open",
                    o->path, o->mapping->domain->path);
  return outcome;
}

static ipc_outcome compare(opening *o, const ipc_header *header, const struct stat *file,
                           ipc_error *e) {
  const ipc_open_request *request = o->request;
  const int32_t *there = header->word;
  if (request->has_id && memcmp(&there[IPC_WORD_ID], request->id, sizeof request->id) != 0)
    return ipc_fail(e, "ERR_IPC_UNLINKED", o->path,
                    "open %s by its handle: it was removed, and another made under its name",
                    o->path);
  if (!request->has_options ||
      (there[IPC_WORD_LENGTH] == request->words &&
       memcmp(&there[IPC_WORD_OPTIONS], request->options, sizeof request->options) == 0))
    return IPC_OK;

  ipc_outcome outcome = IPC_FOREIGN;
  if (may_create(request)) {
    ipc_agent agents[IPC_OPENERS];
    bool used = ipc_live_openers(o->mapping->domain, o->mapping->words, false, agents) > 0;
    outcome = make_way(o, file, used, e);
  }
  if (outcome != IPC_FOREIGN) return outcome;
  char has[120], asked[120];
  describe(&there[IPC_WORD_OPTIONS], there[IPC_WORD_LENGTH], has);
  describe(request->options, request->words, asked);
  return ipc_fail(e, "ERR_IPC_OPTIONS_MISMATCH", o->path, "open %s with %s: it has %s", o->path,
                  asked, has);
}

static ipc_outcome attach(opening *o, ipc_error *e) {
  ipc_mapping *m = o->mapping;
  struct stat file;
  ipc_header header;
  ipc_outcome outcome =
      ipc_open_shared(m->domain->directory, m->file, o->path, &o->patience, &m->fd, &file, e);
  if (outcome != IPC_OK) return outcome;
  m->inode = file.st_ino;
  outcome = ipc_header_read(m->domain, m->file, m->fd, &file, o->path, &header, e);
  if (outcome == IPC_FOREIGN) return of_another_registry(o, &file, e);
  if (outcome == IPC_OK) outcome = map(o, m->fd, (size_t)file.st_size, e);
  if (outcome == IPC_OK) outcome = compare(o, &header, &file, e);
  if (outcome == IPC_OK) remember(m, header.word);
  return outcome;
}

/* ---- joining ----------------------------------------------------------------------- */

/* While we hold the directory's LOCK_SH, nobody removes a name that somebody may have open: a name that
 * is there now stays until its remover has seen us in the table. */
static ipc_outcome join(opening *o, ipc_error *e) {
  ipc_mapping *m = o->mapping;
  struct stat file;
  int lock = ipc_names_lock(m->domain->directory, LOCK_SH, &o->patience, o->path, e);
  if (lock < 0) return IPC_FAILED;
  ipc_outcome outcome;
  bool poisoned = false;
  if (ipc_stat(m->fd, &file) != 0)
    outcome = ipc_fail_errno(e, NULL, "fstat", o->path, "open %s", o->path);
  else if (file.st_nlink == 0 || (poisoned = atomic_load(&m->words[IPC_WORD_POISON]) != 0))
    outcome = IPC_AGAIN;
  else
    outcome = ipc_join(m, m->opener, e) ? IPC_OK : IPC_FAILED;
  ipc_unlock_close(lock);
  /* A name that leads to a poisoned file came back in some other way; it is of no use. */
  if (poisoned &&
      ipc_name_remove(m->domain->directory, m->file, &file, &o->patience, o->path, e) == IPC_FAILED)
    outcome = IPC_FAILED;
  return outcome;
}

static ipc_outcome absent(opening *o, ipc_error *e) {
  if (o->request->has_id)
    return ipc_fail(e, "ERR_IPC_UNLINKED", o->path, "open %s by its handle: it was removed",
                    o->path);
  errno = ENOENT;
  return ipc_fail_errno(e, NULL, "open", o->path, "open %s", o->path);
}

static ipc_outcome open_once(opening *o, bool *created, ipc_error *e) {
  ipc_outcome outcome = o->request->anonymous ? IPC_ABSENT : attach(o, e);
  *created = outcome == IPC_ABSENT && may_create(o->request);
  if (outcome == IPC_ABSENT) {
    let_go(o->mapping, &o->patience);
    outcome = *created ? create(o, e) : absent(o, e);
  }
  return outcome == IPC_OK ? join(o, e) : outcome;
}

static bool check_request(const ipc_domain *domain, const ipc_open_request *request,
                          ipc_file_name *name, ipc_error *e) {
  char sample[40];
  snprintf(sample, sizeof sample, "%.20s.~0123456789abcdef", request->kind);
  const char *file = request->anonymous ? sample : request->file;
  if (!ipc_file_name_check(file, name, e)) return false;
  bool chosen = name->anonymous && !request->anonymous && may_create(request);
  if (strcmp(name->kind, request->kind) != 0 || chosen)
    return ipc_fail(e, "ERR_IPC_INVALID_NAME", NULL, "name %.200s: not one for a %.20s", file,
                    request->kind);
  if (request->words < 0)
    return ipc_fail(e, "ERR_OUT_OF_RANGE", NULL, "size of %s: %d words", file, request->words);
  if (domain->directory < 0)
    return ipc_fail(e, "ERR_IPC_UNSUPPORTED", NULL, "open %s: the private domain has no files",
                    file);
  return true;
}

ipc_mapping *ipc_file_open(ipc_domain *domain, const ipc_open_request *request, bool *created,
                           ipc_error *e) {
  *created = false;
  ipc_file_name name;
  if (!check_request(domain, request, &name, e)) return NULL;
  ipc_agent self = ipc_agent_self(domain, e);
  if (self == 0) return NULL;
  atomic_store(&domain->ours[ipc_agent_slot(self)], self);

  ipc_mapping *m = calloc(1, sizeof *m);
  if (m == NULL) {
    ipc_fail_errno(e, NULL, "calloc", NULL, "open a %s", request->kind);
    return NULL;
  }
  atomic_init(&m->refs, 1);
  m->domain = domain;
  m->opener = self;
  m->fd = -1;
  opening o = {.mapping = m,
               .request = request,
               .kind = name.kind,
               .patience = ipc_patience_of(IPC_PATIENCE_MS),
               .grace = ipc_patience_of(IPC_GRACE_MS)};
  if (!request->anonymous) snprintf(m->file, sizeof m->file, "%s", request->file);
  ipc_path_of(domain, m->file, o.path);

  for (;;) {
    ipc_outcome outcome = open_once(&o, created, e);
    if (outcome == IPC_OK) return m;
    let_go(m, &o.patience);
    unmap(m);
    bool over = outcome != IPC_FAILED && ipc_patience_over(&o.patience);
    if (over)
      ipc_fail(e, "ERR_IPC_IN_USE", o.path, "open %s: other processes keep replacing it", o.path);
    if (over || outcome == IPC_FAILED) break;
  }
  ipc_advise_directory(e);
  *created = false;
  ipc_mapping_release(m);
  return NULL;
}

/* ---- closing ------------------------------------------------------------------------- */

void ipc_file_close(ipc_mapping *mapping, uint64_t deadline_ns) {
  if (mapping->fd < 0) return;
  ipc_patience patience = ipc_patience_until(deadline_ns);
  ipc_leave(mapping, mapping->opener); /* first: an agent in the table counts as a user */
  let_go(mapping, &patience);
}

uint64_t ipc_closing_deadline(void) { return ipc_patience_of(IPC_GRACE_MS).deadline_ns; }

void ipc_mapping_retain(ipc_mapping *mapping) { atomic_fetch_add(&mapping->refs, 1); }

void ipc_mapping_release(ipc_mapping *mapping) {
  if (atomic_fetch_sub(&mapping->refs, 1) != 1) return;
  ipc_file_close(mapping, 0);
  if (mapping->watch != NULL) ipc_watch_free(mapping->watch);
  unmap(mapping);
  free(mapping);
}

/* Nobody can tell when the mapping is closed; the answer is then yes, because what is still given back
 * to it must not be refused. */
bool ipc_file_is_linked(ipc_mapping *mapping) {
  struct stat file;
  if (mapping->fd < 0) return true;
  return ipc_stat(mapping->fd, &file) == 0 && file.st_nlink > 0;
}
