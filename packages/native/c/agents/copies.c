/*
 * Several copies of this library may be in one process: two versions of a package, each loaded by
 * another thread. Memory that never leaves the process is shared by all its threads, so all copies
 * must agree on who they are: if each copy had a registry, the same id would be one thread's in one copy
 * and another's, or a dead one's, in the next, and a lock would be taken from its living owner.
 *
 * The registry of the process is therefore that of the copy that was loaded first. The loader keeps
 * its list in that order, and never forgets one of us (-z nodelete).
 */
#define _GNU_SOURCE
#include "os/directory.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Copies of another layout cannot read each other's registry: the number is IPC_LAYOUT. */
#define REGISTRY_OF_PROCESS ipc_registry_of_process_3
#define NAME_OF(symbol) #symbol
#define NAME_OF_VALUE(symbol) NAME_OF(symbol)
_Static_assert(IPC_LAYOUT == 3, "the exported name says which layout the registry has");

__attribute__((visibility("default"))) ipc_registry *REGISTRY_OF_PROCESS(void);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ipc_registry *registry; /* of the process, if this copy is the first */

static ipc_registry *ours(ipc_error *e) {
  pthread_mutex_lock(&lock);
  if (registry == NULL) registry = ipc_registry_make(e);
  ipc_registry *made = registry;
  pthread_mutex_unlock(&lock);
  return made;
}

/* Copies of other versions call this too, so it shares nothing with its caller but the registry. */
ipc_registry *REGISTRY_OF_PROCESS(void) {
  ipc_error ignored;
  return ours(&ignored);
}

enum { MOST_ADDONS = 256 };

typedef struct {
  char *path[MOST_ADDONS];
  int count;
} addons;

/* The loader is locked during this call, and frees what it passes when the call is over. */
static int note_addon(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  addons *all = context;
  const char *path = info->dlpi_name;
  size_t length = path == NULL ? 0 : strlen(path);
  if (length < 5 || strcmp(path + length - 5, ".node") != 0) return 0;
  if ((all->path[all->count] = strdup(path)) == NULL) return 1;
  return ++all->count == MOST_ADDONS;
}

typedef ipc_registry *registry_of_process(void);

static registry_of_process *offered_by(const char *path) {
  void *addon = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
  if (addon == NULL) return NULL; /* unloaded meanwhile */
  registry_of_process *offered;
  *(void **)&offered = dlsym(addon, NAME_OF_VALUE(REGISTRY_OF_PROCESS));
  dlclose(addon);
  return offered;
}

ipc_registry *ipc_registry_of_process(ipc_error *e) {
  addons all = {.count = 0};
  dl_iterate_phdr(note_addon, &all);
  registry_of_process *first = NULL;
  for (int i = 0; i < all.count; i++) {
    if (first == NULL) first = offered_by(all.path[i]);
    free(all.path[i]);
  }
  if (first == NULL || first == REGISTRY_OF_PROCESS) return ours(e);
  ipc_registry *theirs = first();
  if (theirs == NULL)
    ipc_fail(
        e, "ERR_IPC_UNSUPPORTED", NULL,
        "register this thread: the copy of this library that was loaded first has no registry");
  return theirs;
}
