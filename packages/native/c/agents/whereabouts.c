/*
 * Which directory IPC_DIR means. All threads of a process must agree, whichever thread asks first and
 * wherever the process has gone by chdir since; so must a worker whose environment does not have the
 * variable: in another directory the same name is another lock.
 *
 *   IPC_DIR of the thread   the directory is
 *   absolute                that one
 *   relative                what this value meant when the process first used it
 *   none, in a worker       the one that the process itself used last; if it has used none yet, the one
 *                           that IPC_DIR of the process means
 *   none in the process     the default, which JavaScript knows
 */
#include "ipc.h"

#include <stdlib.h>
#include <string.h>

typedef struct meaning {
  struct meaning *next;
  char *value;
  char *directory;
} meaning;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over the two below */
static meaning *meanings;
static const char *used; /* by the process itself, last */

static bool is_relative(const char *value) { return value[0] != '/' && value[0] != '\0'; }

static const char *meaning_of(const char *value, const char *directory) {
  for (meaning *m = meanings; m != NULL; m = m->next)
    if (strcmp(m->value, value) == 0 &&
        (is_relative(value) || strcmp(m->directory, directory) == 0))
      return m->directory;
  meaning *m = malloc(sizeof *m);
  if (m == NULL) return NULL;
  *m = (meaning){.next = meanings, .value = strdup(value), .directory = strdup(directory)};
  if (m->value != NULL && m->directory != NULL) return (meanings = m)->directory;
  free(m->value);
  free(m->directory);
  free(m);
  return NULL;
}

const char *ipc_directory_of(const char *value, const char *resolved, bool of_process) {
  pthread_mutex_lock(&lock);
  const char *directory = meaning_of(value, resolved);
  if (directory != NULL && of_process) used = directory;
  pthread_mutex_unlock(&lock);
  return directory;
}

/* This calls getenv, as functions of the C library (getaddrinfo) do in any thread of Node's. The main
 * thread may change the environment meanwhile, which is why it is not called when the process used a
 * directory already, and at most once per worker. */
const char *ipc_directory_of_process(const char **value) {
  pthread_mutex_lock(&lock);
  const char *directory = used;
  pthread_mutex_unlock(&lock);
  *value = directory == NULL ? getenv("IPC_DIR") : NULL;
  return directory;
}
