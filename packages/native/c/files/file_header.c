/* Reads what a file's name and header say, and decides whether to believe it. */
#include "os/directory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- names: "<kind>.<name>" ------------------------------------------------- */

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

enum { KIND_MAX = 12, NAME_MAX_LENGTH = 128, ANONYMOUS_DIGITS = 16 };

static bool is_word(const char *text, size_t length, const char *allowed) {
  return length > 0 && strspn(text, ALPHANUMERIC) > 0 && strspn(text, allowed) >= length;
}

bool ipc_file_name_parse(const char *file, ipc_file_name *name) {
  memset(name, 0, sizeof *name);
  const char *dot = strchr(file, '.');
  if (dot == NULL) return false;
  size_t kind = (size_t)(dot - file);
  if (kind > KIND_MAX || !is_word(file, kind, ALPHANUMERIC "_-")) return false;
  memcpy(name->kind, file, kind);
  const char *rest = dot + 1;
  if (rest[0] == '~') {
    name->anonymous = true;
    return strlen(rest) == 1 + ANONYMOUS_DIGITS &&
           strspn(rest + 1, "0123456789abcdef") == ANONYMOUS_DIGITS;
  }
  size_t length = strlen(rest);
  return length <= NAME_MAX_LENGTH && is_word(rest, length, ALPHANUMERIC "._-");
}

bool ipc_file_name_check(const char *file, ipc_file_name *name, ipc_error *e) {
  return ipc_file_name_parse(file, name) ||
         ipc_fail(e, "ERR_IPC_INVALID_NAME", NULL,
                  "name %.200s: wanted a kind, a dot, and 1 to %d of A-Z a-z 0-9 . _ - that begin "
                  "with a letter or digit",
                  file, NAME_MAX_LENGTH);
}

/* ---- the header -------------------------------------------------------------- */

int64_t ipc_file_bytes(int32_t words) {
  int64_t page = sysconf(_SC_PAGESIZE), bytes = ((int64_t)IPC_WORD_DATA + words) * 4;
  return (bytes + page - 1) / page * page;
}

void ipc_header_write(ipc_header *header, ipc_word *words, const ipc_domain *domain,
                      const ipc_open_request *request, const char *kind, const int32_t id[2]) {
  int32_t letters[3] = {0};
  memcpy(letters, kind, strlen(kind));
  *header = (ipc_header){.word = {
                             [IPC_WORD_MAGIC] = IPC_MAGIC,
                             [IPC_WORD_LAYOUT] = IPC_LAYOUT,
                             [IPC_WORD_REGISTRY] = domain->registry_id[0],
                             [IPC_WORD_REGISTRY + 1] = domain->registry_id[1],
                             [IPC_WORD_ID] = id[0],
                             [IPC_WORD_ID + 1] = id[1],
                             [IPC_WORD_LENGTH] = request->words,
                             [IPC_WORD_ANONYMOUS] = request->anonymous,
                             [IPC_WORD_OWNERS] = request->owners[0],
                             [IPC_WORD_OWNERS + 1] = request->owners[1],
                         }};
  memcpy(&header->word[IPC_WORD_KIND], letters, sizeof letters);
  memcpy(&header->word[IPC_WORD_OPTIONS], request->options, sizeof request->options);
  for (int i = 0; i < IPC_WORD_OPENERS; i++) atomic_store(&words[i], header->word[i]);
}

/* Checks the sizes before anything else: what follows may then be mapped and touched. */
ipc_outcome ipc_header_read(const ipc_domain *domain, const char *file, int fd,
                            const struct stat *stat, const char *path, ipc_header *header,
                            ipc_error *e) {
  const char *corrupt = "ERR_IPC_CORRUPT";
  const int32_t *word = header->word;
  ssize_t n = ipc_read(fd, header, sizeof *header);
  if (n < 0) return ipc_fail_errno(e, NULL, "read", path, "open %s", path);
  if (n < (ssize_t)sizeof *header)
    return ipc_fail(e, corrupt, path, "open %s: it has %zd bytes, too few for a header", path, n);
  if (word[IPC_WORD_MAGIC] != IPC_MAGIC)
    return ipc_fail(e, corrupt, path, "open %s: it is not an object of ours (wrong magic)", path);
  bool foreign = word[IPC_WORD_REGISTRY] != domain->registry_id[0] ||
                 word[IPC_WORD_REGISTRY + 1] != domain->registry_id[1];
  if (foreign && word[IPC_WORD_LAYOUT] != IPC_LAYOUT) return IPC_FOREIGN; /* another version's */
  if (word[IPC_WORD_LAYOUT] != IPC_LAYOUT)
    return ipc_fail(e, corrupt, path, "open %s: its layout is %d, not %d", path,
                    word[IPC_WORD_LAYOUT], IPC_LAYOUT);
  if (word[IPC_WORD_LENGTH] < 0 || stat->st_size != ipc_file_bytes(word[IPC_WORD_LENGTH]))
    return ipc_fail(e, corrupt, path, "open %s: it has %lld bytes, which does not fit %d words",
                    path, (long long)stat->st_size, word[IPC_WORD_LENGTH]);

  ipc_file_name name;
  char kind[KIND_MAX + 1] = {0};
  memcpy(kind, &word[IPC_WORD_KIND], KIND_MAX);
  if (!ipc_file_name_check(file, &name, e)) return IPC_FAILED;
  if (strcmp(kind, name.kind) != 0) {
    if (kind[strspn(kind, ALPHANUMERIC "_-")] != '\0' || kind[0] == '\0')
      return ipc_fail(e, corrupt, path, "open %s: its kind is not a word", path);
    return ipc_fail(e, "ERR_IPC_KIND_MISMATCH", path, "open %s: its kind is %s, not %s", path, kind,
                    name.kind);
  }
  if (word[IPC_WORD_ANONYMOUS] != name.anonymous)
    return ipc_fail(e, corrupt, path, "open %s: its name and its header do not agree (anonymous)",
                    path);
  return foreign ? IPC_FOREIGN : IPC_OK;
}

/* ---- who has it open ----------------------------------------------------------- */

/* A parking thread with our process number is ours, or serves an opener that is not ours and is listed
 * itself. */
static bool is_ours(ipc_domain *domain, ipc_agent agent) {
  int number = ipc_agent_slot(agent);
  ipc_slot *slot = &domain->registry->slot[number];
  return atomic_load(&slot->pid) == getpid() &&
         (atomic_load(&domain->ours[number]) == agent || atomic_load(&slot->thread_id) == -1);
}

int ipc_live_openers(ipc_domain *domain, ipc_word *words, bool others, ipc_agent *agents) {
  int count = 0;
  for (int i = 0; i < IPC_OPENERS; i++) {
    ipc_agent agent = atomic_load(&words[IPC_WORD_OPENERS + i]);
    if (agent == 0 || ipc_agent_is_dead(domain, agent)) continue;
    if (!(others && is_ours(domain, agent))) agents[count++] = agent;
  }
  return count;
}
