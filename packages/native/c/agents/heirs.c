/* Heirs: processes in which an agent lives on.
 *
 * A program that runs another one under a lock must not lose the lock when it is
 * killed itself, or the other one runs without it. The kernel marks the owner dead
 * then, whatever we do; so its death does not count before the last process has
 * ended that inherited a descriptor of it. As with flock(1), that is the command,
 * and what it starts, unless it closes its descriptors.
 *
 *   owner    descriptor       the owner counts as
 *   alive    any              alive
 *   left     any              dead: it has released, or abandoned, what it held
 *   dead     its own only     alive, for the instant until the kernel closes it: it marks the
 *                             robust mutex first. Then as below
 *   dead     an heir's        alive; its waiters look every 10 ms, as nobody is woken
 *   dead     closed           dead, forever, with all that follows
 *
 * The descriptor is the registry, opened for reading (what is written to it by
 * mistake does no harm), with an open-file-description lock on the byte of the
 * slot: the kernel drops it with the last copy of the descriptor, and anybody can
 * ask whether it is there without disturbing. Its flock keeps the registry, as every
 * process of the domain does: otherwise another version, which finds only heirs,
 * would replace it, and nobody would know of the owner any more. A second
 * descriptor does the same for the object's file.
 *
 * Deaths around a process that takes (1), bequeaths (2), starts a command (3) and closes its own
 * copies (4), by when and whose:
 *
 *   the owner's before 1       nothing was held
 *   the owner's before 3       nobody else has a copy: dead at once (1), or with its own copies (2)
 *   the owner's within 3       the child has its copies before it runs at all, as fork and vfork
 *                              copy the table of descriptors first: there is no child, or an heir
 *   the owner's after 3        alive until the last heir has ended
 *   the command's              the owner knows, and leaves without releasing: abandoned
 *   both, in any order         as the later one: no copy is left, so dead
 *   an heir's, others live     nothing: a lock of a description goes with its last copy
 *
 * Losing order (1), if an agent could become one with heirs when it is already the owner:
 *
 *   T1 finds the slot's agent dead | T2, the agent, gets an heir and dies
 *   T1 claims the slot, which ends the agent | the heir runs on, and T3 takes the lock
 *
 * so agents with heirs have slots of their own, claimed with care: agent.c. Losing order
 * (2), if one asked for heirs before one sees the mark of death:
 *
 *   T1 sees no heirs of A | A bequeaths, starts its command, is killed
 *   T1 sees A's mark, and certifies | the command runs on, and T3 takes the lock
 *
 * so the mark comes first: the dead bequeath nothing, and heirs have only what they had.
 * Losing order (3), if the generation were not compared again when there are heirs:
 *
 *   T1 sees generation g and the mark of A | A's last heir ends, B claims the slot, bequeaths
 *   T1 sees heirs, which are B's, and takes A for alive: it waits forever for a word of A's
 *
 * so with heirs A is alive only if the generation is still g.
 */
#include "os/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The scripts use the low descriptors: `exec 3>file` would close ours. Where the limit of open files is
 * lower still, we take the highest that can be had: shells take 3 to 9, and few of them take more. */
static const int first_descriptors[] = {100, 50, 20, 10, 3};

static struct flock byte_of(int slot, short type) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = slot, .l_len = 1};
}

bool ipc_has_heirs(ipc_domain *domain, int slot) {
  struct flock lock = byte_of(slot, F_WRLCK);
  if (fcntl(domain->registry_file, F_OFD_GETLK, &lock) == 0) return lock.l_type != F_UNLCK;
  return errno != EINVAL; /* a kernel that does not know them: then nobody has any */
}

/* Opens the same file once more, for reading. */
static int reopen(int fd, const char *what, ipc_error *e) {
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (opened < 0) ipc_fail_errno(e, NULL, "open", path, "pass on %s", what);
  return opened;
}

static int inheritable(int fd, const char *what, ipc_error *e) {
  int copy = -1;
  for (size_t i = 0; copy < 0 && i < sizeof first_descriptors / sizeof *first_descriptors; i++)
    copy = fcntl(fd, F_DUPFD, first_descriptors[i]); /* EINVAL or EMFILE beyond the limit */
  if (copy < 0) ipc_fail_errno(e, NULL, "fcntl", NULL, "pass on %s", what);
  close(fd);
  return copy;
}

static int pass_on_life(ipc_domain *domain, int slot, const char *what, ipc_error *e) {
  int fd = reopen(domain->registry_file, what, e);
  if (fd < 0) return -1;
  struct flock lock = byte_of(slot, F_RDLCK);
  if (ipc_flock(fd, LOCK_SH) && fcntl(fd, F_OFD_SETLK, &lock) == 0) return inheritable(fd, what, e);
  ipc_fail_errno(e, errno == EINVAL ? "ERR_IPC_UNSUPPORTED" : NULL, "fcntl", NULL, "pass on %s",
                 what);
  close(fd);
  return -1;
}

static int pass_on_use(const ipc_mapping *mapping, ipc_error *e) {
  int fd = reopen(mapping->fd, mapping->file, e);
  if (fd < 0) return -1;
  if (ipc_flock(fd, LOCK_SH)) return inheritable(fd, mapping->file, e);
  ipc_fail_errno(e, NULL, "flock", NULL, "pass on %s", mapping->file);
  close(fd);
  return -1;
}

bool ipc_bequeath(ipc_mapping *mapping, int descriptors[2], ipc_error *e) {
  int slot = ipc_agent_slot(mapping->opener);
  if (!ipc_may_have_heirs(slot) || mapping->fd < 0)
    return ipc_fail(e, "ERR_IPC_INTERNAL", NULL, "pass on %s: its opener is not one with heirs",
                    mapping->file);
  descriptors[0] = pass_on_life(mapping->domain, slot, mapping->file, e);
  if (descriptors[0] < 0) return false;
  descriptors[1] = pass_on_use(mapping, e);
  if (descriptors[1] >= 0) return true;
  close(descriptors[0]);
  return false;
}
