/*
 * The functions that domain.c, registry.c and the file_*.c share, and that nobody else needs: files in a
 * directory of ours, which come into being at once, are checked before they are believed, and lose their
 * name under a lock.
 *
 * Who holds which flock:
 *   an object file, LOCK_SH      every process that has it open, until it closes it
 *   an object file, LOCK_EX      a process that removes it because nobody has it open; an instant
 *   .registry, LOCK_SH           every process of the domain, and heirs (heirs.c), for life
 *   the directory, LOCK_SH       an agent that joins the opener table of a file; an instant
 *   the directory, LOCK_EX       a process that removes a name; an instant
 * The directory's lock comes last, and nobody waits for a file's lock while holding it. The kernel drops
 * all locks with their holder. Nobody waits longer than a patience, because a holder may be stopped. A
 * call has one patience, however many locks it asks for, and no thread waits for a flock while it holds
 * a lock of the process.
 */
#ifndef IPC_DIRECTORY_H
#define IPC_DIRECTORY_H

#include "ipc.h"

#include <sys/file.h>
#include "os/libc.h"

typedef enum {
  IPC_FAILED = 0, /* the error says why; also what ipc_fail returns */
  IPC_OK,
  IPC_ABSENT,  /* there is nothing of that name */
  IPC_AGAIN,   /* somebody else was faster: start over */
  IPC_FOREIGN, /* sound, but of another registry */
} ipc_outcome;

enum {
  IPC_PATIENCE_MS = 2000, /* with a process that does what takes an instant */
  IPC_GRACE_MS = 250,     /* until a process that opens or closes it is done with it */
};

typedef struct {
  uint64_t deadline_ns;
  long pause_ns;
} ipc_patience;

ipc_patience ipc_patience_of(int ms);
ipc_patience ipc_patience_until(uint64_t deadline_ns);
bool ipc_patience_over(const ipc_patience *patience);
/* Sleeps, from 100 µs growing to 5 ms; false when the patience is over. */
bool ipc_patience_pause(ipc_patience *patience);

/* Never waits. A refused LOCK_EX has also given up the LOCK_SH of that descriptor. */
bool ipc_flock(int fd, int operation);
/* Drops the lock even if a fork copied the descriptor and has not run exec yet. */
void ipc_unlock_close(int fd);

enum { IPC_PATH_BYTES = 4200 };
/* "<domain's path>/<file>", for errors. */
const char *ipc_path_of(const ipc_domain *domain, const char *file, char path[IPC_PATH_BYTES]);

/* Locks the names of the directory; returns a descriptor for ipc_unlock_close, or -1 and an error. It
 * tries once even when the patience is over. */
int ipc_names_lock(int directory, int operation, ipc_patience *patience, const char *path,
                   ipc_error *e);
bool ipc_leads_to(int directory, const char *name, const struct stat *file);
/* Removes the name if it leads to `file`, which is open and so cannot be another of
 * the same inode number; IPC_ABSENT when it does not. */
ipc_outcome ipc_name_remove(int directory, const char *name, const struct stat *file,
                            ipc_patience *patience, const char *path, ipc_error *e);

/* A regular file of ours, 0600, with one name: otherwise ERR_IPC_CORRUPT. */
bool ipc_check_plain(const struct stat *file, const char *path, ipc_error *e);
/* Opens the file that the name leads to, whatever is in it, if it is plain. */
ipc_outcome ipc_open_plain(int directory, const char *name, const char *path, int *fd,
                           struct stat *file, ipc_error *e);
/* Opens it under flock(LOCK_SH) as well: from then on nobody removes it unseen. */
ipc_outcome ipc_open_shared(int directory, const char *name, const char *path,
                            ipc_patience *patience, int *fd, struct stat *file, ipc_error *e);
/* Reads `bytes`; fewer when the file is shorter, -1 and errno when it cannot be read. */
ssize_t ipc_read(int fd, void *to, size_t bytes);
ssize_t ipc_read_at(int fd, void *to, size_t bytes, off_t from);
bool ipc_random(void *to, size_t bytes, ipc_error *e);

/* A file that has no name yet: if its maker dies, nothing is left behind, and nobody can open it
 * half-made. */
typedef struct {
  int fd;             /* holds flock(LOCK_SH) */
  char temporary[24]; /* where O_TMPFILE is unknown: its name; see ipc_file_sweep */
} ipc_aside;

#define IPC_TEMPORARY ".new-"

/* `bytes` zeros, really allocated. */
bool ipc_aside_make(int directory, int64_t bytes, const char *path, ipc_aside *aside, ipc_error *e);
/* Gives it its name; IPC_AGAIN when the name is taken. The descriptor stays open. */
ipc_outcome ipc_aside_publish(int directory, ipc_aside *aside, const char *name, const char *path,
                              ipc_error *e);
void ipc_aside_drop(int directory, ipc_aside *aside);
/* Whether a file could be made aside; leaves nothing. `call` is the name under which a failure is told. */
bool ipc_aside_try(int directory, int64_t bytes, const char *call, const char *path, ipc_error *e);

/* Finds or makes the directory's registry: fills `registry...` of the domain. With `look` it makes none:
 * the registry must be there and of this boot, or the error is ENOENT. */
bool ipc_registry_open(ipc_domain *domain, bool look, ipc_error *e);
bool ipc_registry_private(ipc_domain *domain, ipc_error *e);
/* Whether ipc_registry_open would succeed in this directory; makes nothing that stays. */
bool ipc_registry_check(int directory, const char *path, ipc_error *e);
/* Whether there is room for a registry. */
bool ipc_registry_fits(int directory, const char *call, const char *path, ipc_error *e);
/* Whether the kernel says which start of the machine this is. */
bool ipc_boot_check(ipc_error *e);
/* Makes a registry without a file; NULL and an error when there is no memory for it. */
ipc_registry *ipc_registry_make(ipc_error *e);
/* The registry that all copies of this library in the process use: copies.c. */
ipc_registry *ipc_registry_of_process(ipc_error *e);
#define IPC_REGISTRY_FILE ".registry"

/* ---- object files ---- */

typedef struct {
  char kind[13];
  bool anonymous; /* "<kind>.~<16 hexadecimal digits>" */
} ipc_file_name;

bool ipc_file_name_parse(const char *file, ipc_file_name *name);
bool ipc_file_name_check(const char *file, ipc_file_name *name, ipc_error *e);

typedef struct {
  int32_t word[IPC_WORD_OPENERS];
} ipc_header;

/* The size of a file with `words` data words, in whole pages. */
int64_t ipc_file_bytes(int32_t words);
/* Reads the header without touching a mapping; IPC_OK, IPC_FOREIGN or IPC_FAILED. */
ipc_outcome ipc_header_read(const ipc_domain *domain, const char *file, int fd,
                            const struct stat *stat, const char *path, ipc_header *header,
                            ipc_error *e);
void ipc_header_write(ipc_header *header, ipc_word *words, const ipc_domain *domain,
                      const ipc_open_request *request, const char *kind, const int32_t id[2]);
/* The live ones among the openers; without this process's own if `others`. */
int ipc_live_openers(ipc_domain *domain, ipc_word *words, bool others, ipc_agent *agents);

/* Removes what dead processes left: anonymous and temporary files of ours nobody has open. */
void ipc_file_sweep(ipc_domain *domain);

#endif
