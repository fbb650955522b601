/*
 * The contract of the native side: shared memory that has a name, threads that
 * can be seen to die, and sleep. It knows no primitive: which word means what
 * is decided in JavaScript.
 *
 * os/        what the kernel and the C library give
 *   error.c      what failed
 *   futex.c      waiting on many words at once, waking
 *   robust.c     words that the kernel marks when their thread dies
 *   directory.c  making, opening and removing files safely
 * agents/    who is alive
 *   agent.c      slots in the registry, and the certificate of death
 *   domain.c     directories that are fit; registry.c, their registries of agents
 *   copies.c     the registry of the process, if this library was loaded more than once
 *   heirs.c      who lives on in other processes: descriptors that a command inherits
 *   whereabouts.c  which directory IPC_DIR means in this process
 * files/     objects, and who has them open
 *   file.c       one file per named object: open, create, close
 *   file_header.c, file_names.c   whether to believe one; unlink, list, prune
 *   watch.c      the opener table of a file: join, leave, whom a sleeper watches
 * sleep/     waiting
 *   park.c       one blocking sleep
 *   tickets.c, parker.c, sink.c   asynchronous ones, on parking threads: parker.h
 * signals/   the handler of signals and its records: signals.h; send.c sends them;
 *            dispositions.c, masks.c, threads.c   what the kernel is told of signals; whose threads there are
 * commands/  running another program, or becoming it: command.h;
 *            forward.c, witness.c   passing on to it the signals that it has not got itself: forward.h
 * node/      Node-API: checking arguments, turning ipc_error into JavaScript errors
 *
 * All shared words are 32 bits, sequentially consistent, and never touched in
 * any other way once a file has a name.
 */
#ifndef IPC_H
#define IPC_H

#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef _Atomic int32_t ipc_word;

/* ---- errors ------------------------------------------------------------ */

/* The function that fails fills this, and nobody reads it before: it is large, and a call that takes a
 * microsecond would be slower by clearing it. A system error has `number` (errno) and `syscall`; its
 * code is then the errno's name unless one of our codes says more. `message` names what was tried and
 * the value. */
typedef struct {
  const char *code;
  int number;
  const char *syscall;
  char path[4200];
  char message[4600];
} ipc_error;

/* Both return false, so that a failing function can `return ipc_fail(...)`. */
bool ipc_fail(ipc_error *e, const char *code, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool ipc_fail_errno(ipc_error *e, const char *code, const char *syscall, const char *path,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Adds to a message about a directory or a file system what a user can do about it. */
bool ipc_advise_directory(ipc_error *e);

/* ---- the registry ------------------------------------------------------ */

enum {
  IPC_SLOT_BITS = 12,
  IPC_GENERATION_BITS = 18,
  IPC_SLOTS = 1 << IPC_SLOT_BITS, /* slot 0 is nobody */
  IPC_FIRST_WITH_HEIRS = 3072,    /* from here on slots of agents that may have heirs */
  IPC_GENERATION_MASK = (1 << IPC_GENERATION_BITS) - 1,
};

/* One agent: a JavaScript thread, or a parking thread. The kernel marks `robust`
 * when the thread dies; `generation` is odd while an agent lives in the slot.
 *
 *   robust           generation  the slot is
 *   0                even        free: nobody has had it
 *   tid              even        being claimed (nobody refers to it yet), or left by a thread
 *                                that has not ended
 *   tid              odd         ALIVE
 *   OWNER_DIED       odd         dead, not certified
 *   OWNER_DIED       even        dead and certified, or left: may be claimed
 *   tid              odd (old)   claimed by a thread that has not certified the earlier death yet
 *   0                odd         never, unless it is garbage: then its thread mends it (robust.c)
 *
 * An agent with heirs (heirs.c) stays alive, for everybody, at OWNER_DIED and odd
 * until the last of them has ended.
 */
typedef struct {
  union {
    pthread_mutex_t robust;
    char room[48];
  };
  ipc_word generation;
  ipc_word nudge;               /* changes when this agent must look again at whom it watches */
  ipc_word pid, tid, thread_id; /* for people who look; -1: a parking thread */
  ipc_word notes[45];     /* the same, written by JavaScript: what it waits for; zeros at first */
  ipc_word pid_namespace; /* in which `pid` and `tid` are numbers */
  ipc_word described; /* the generation of the agent that they describe; 0 while they are written */
} ipc_slot;

_Static_assert(sizeof(pthread_mutex_t) <= 48, "a robust mutex must fit its room");
_Static_assert(sizeof(ipc_slot) == 256, "slots are four cache lines");

#define IPC_REGISTRY_MAGIC "IPCREG01"

typedef struct {
  char magic[8];
  int32_t layout;   /* IPC_LAYOUT */
  int32_t slots;    /* IPC_SLOTS */
  char abi[40];     /* libc, CPU, size of the mutex, offset of its word: mixing would corrupt */
  char boot_id[40]; /* /proc/sys/kernel/random/boot_id: marks of an earlier boot mean nothing */
  int32_t id_low, id_high; /* random; object files repeat it */
  ipc_word next_slot;      /* slots are handed out in rotation */
} ipc_registry_header;

enum { IPC_LAYOUT = 3, IPC_REGISTRY_HEADER_BYTES = 4096 };

typedef struct ipc_registry {
  union {
    ipc_registry_header header;
    char page[IPC_REGISTRY_HEADER_BYTES];
  };
  ipc_slot slot[IPC_SLOTS];
} ipc_registry;

/* ---- domains (domain.c) -------------------------------------------------- */

/* Agents that can meet: those of one registry. A directory has one; the private
 * domain, for memory that never leaves the process, has no directory. Domains
 * are made once per process and never freed: no environment's teardown may
 * unmap a registry that other threads hold mutexes in. */
typedef struct {
  int index;       /* in the process's table */
  int directory;   /* descriptor, O_CLOEXEC; -1 for the private domain */
  char path[4096]; /* absolute; empty for the private domain */
  dev_t device;    /* of the directory and of the registry file: tell a */
  ino_t inode;     /* directory that was removed and made again */
  ino_t registry_inode;
  int registry_file;      /* descriptor; its flock(LOCK_SH) says that the registry is in use */
  int32_t registry_id[2]; /* as it was when the registry was believed */
  ipc_registry *registry;
  atomic_bool swept; /* whether what dead processes left was looked for */
  ipc_word *ours;    /* by slot: agents of this process that opened a file. A pid does not
                            tell: two containers may each have their process 1 */
} ipc_domain;

enum { IPC_MAX_DOMAINS = 64 };

typedef enum {
  IPC_LOOK, /* makes nothing and removes nothing: ENOENT without a directory or a registry of this boot.
               For callers that only look, and for callers that follow a handle */
  IPC_USE,  /* makes the registry, not the directory */
  IPC_MAKE, /* makes both */
} ipc_domain_mode;

/* The domain of `path` (an absolute directory), made on first use; NULL for the private
 * one. The directory is opened and checked on every call, so that one that was removed
 * and made again is a new domain. Thread-safe. */
ipc_domain *ipc_domain_open(const char *path, ipc_domain_mode mode, ipc_error *e);
/* Whether ipc_domain_open could make what it needs there, or attach to it; makes nothing that stays. */
bool ipc_domain_check(const char *path, ipc_error *e);
ipc_domain *ipc_domain_at(int index); /* NULL when there is none */

/* ---- the process's directory (whereabouts.c) ------------------------------- */

/* Says which directory a value of IPC_DIR means in this process: `resolved`, or the directory that an
 * earlier call with the same relative value returned; an empty value stands for the default.
 * `of_process`: the value is that of the process, not of one worker's own environment. NULL when there
 * is no memory. The result is never freed. */
const char *ipc_directory_of(const char *value, const char *resolved, bool of_process);
/* For a thread whose environment has no IPC_DIR: returns the directory that the process used last; or
 * NULL, and puts into `value` the IPC_DIR that the process itself has, or NULL. */
const char *ipc_directory_of_process(const char **value);

/* ---- robust words (robust.c) ------------------------------------------------ */

bool ipc_robust_init(pthread_mutex_t *mutex);
int ipc_robust_offset(void); /* of the kernel's word inside a mutex; -1: the kernel has none */
/* Locks a word that is free, or whose owner has died, for the calling thread, for as long as that thread
 * lives. */
bool ipc_robust_trylock(ipc_word *word);
/* Says how long the word is this thread's: as long as `*generation` is `lived`. */
void ipc_robust_own(const ipc_word *word, ipc_word *generation, int32_t lived);
/* Puts right what stray writes did to this thread's words and to the kernel's list of them. */
void ipc_robust_mend(void);
void ipc_robust_forget(void); /* in the child of a fork */

/* ---- agents (agent.c) ---------------------------------------------------- */

typedef int32_t ipc_agent; /* slot << 18 | generation >> 1, never 0 for an agent */

static inline int ipc_agent_slot(ipc_agent a) {
  return (int)((uint32_t)a >> IPC_GENERATION_BITS) & (IPC_SLOTS - 1);
}
static inline ipc_agent ipc_agent_of(int slot, int32_t generation) {
  return (slot << IPC_GENERATION_BITS) | (((uint32_t)generation >> 1) & IPC_GENERATION_MASK);
}

/* Initialises every slot of a registry that nobody else can see yet. */
bool ipc_agents_init(ipc_registry *registry, ipc_error *e);
/* Writes what ipc_registry_header.abi must say for this process. */
void ipc_agents_abi(char out[40]);

/* This thread's agent in the domain, claiming a slot on the first call; 0 and an
 * error when the registry is full. */
ipc_agent ipc_agent_self(ipc_domain *domain, ipc_error *e);
/* Gives up this thread's slots in all domains, in the order that waiters rely on. */
void ipc_agent_leave(void);
/* Whether the agent is gone. The first caller that sees the death certifies it, and then wakes everybody
 * who sleeps on the agent's liveness. */
bool ipc_agent_is_dead(ipc_domain *domain, ipc_agent agent);
/* The kernel's word for the slot, inside `robust`. */
ipc_word *ipc_liveness_word(ipc_domain *domain, int slot);
int ipc_liveness_offset(void);         /* in bytes, inside a slot */
void ipc_set_thread_id(int thread_id); /* JavaScript's id of the calling thread, for inspect() */

/* An agent, as people are told of it. */
typedef struct {
  int pid, thread_id;
  bool foreign; /* the pid is a number in another pid namespace, where it names another process */
} ipc_identity;

/* False when nobody can tell any more, because a later agent has its slot. */
bool ipc_agent_identify(ipc_domain *domain, ipc_agent agent, ipc_identity *identity);
/* The pid namespace of the calling process, as the kernel numbers it; 0: /proc does not tell. */
int32_t ipc_pid_namespace(void);

/* ---- heirs (heirs.c) ------------------------------------------------------- */

static inline bool ipc_may_have_heirs(int slot) { return slot >= IPC_FIRST_WITH_HEIRS; }
/* Agents that the calling thread becomes from now on may have heirs. */
void ipc_agent_may_bequeath(void);
/* Whether a process lives that inherited the descriptor of the slot's agent. */
bool ipc_has_heirs(ipc_domain *domain, int slot);

/* ---- object files (file.c) ----------------------------------------------- */

enum {
  IPC_WORD_MAGIC,
  IPC_WORD_LAYOUT,
  IPC_WORD_KIND,                         /* three words: up to 12 characters, zero-padded */
  IPC_WORD_REGISTRY = IPC_WORD_KIND + 3, /* two words: the registry's id */
  IPC_WORD_ID = IPC_WORD_REGISTRY + 2,   /* two words: random, this object's own */
  IPC_WORD_LENGTH = IPC_WORD_ID + 2,     /* data words */
  IPC_WORD_OPTIONS,                      /* four words, meaning by kind */
  IPC_WORD_POISON =
      IPC_WORD_OPTIONS + 4, /* 1: its name is gone; all who use it must stop using it */
  IPC_WORD_ANONYMOUS,       /* 1: removed with its last user */
  IPC_WORD_PLACES,          /* opener places that were ever used */
  IPC_WORD_ROSTER,          /* changes with the opener table; what arm() reads */
  IPC_WORD_OWNERS,          /* two words: the first of the data words that name who */
                            /* holds the object, and how many they are; 0: none do */
  IPC_WORD_OPENERS = 24,    /* the agents that have it open; 0 or a dead one is room */
  IPC_OPENERS = 1000,
  IPC_WORD_DATA = IPC_WORD_OPENERS + IPC_OPENERS, /* 1024: the second page */
  IPC_MAGIC = 0x49504331,
};

typedef struct ipc_watch ipc_watch;

/* One thread's opening of one file. The memory stays mapped while anyone refers
 * to it (the ArrayBuffer, tickets), so closing early can never fault. */
typedef struct {
  atomic_int refs;
  ipc_domain *domain;
  ipc_agent opener; /* the agent that joined; leaves on close */
  int fd;           /* holds flock(LOCK_SH); -1 once closed */
  ino_t inode;
  char file[160]; /* "<kind>.<name>" inside the domain's directory */
  ipc_word *words;
  size_t bytes;
  int32_t data_words, options[4], id[2]; /* as they were when the header was believed */
  ipc_watch *watch;                      /* this thread's list of whom it watches (watch.c) */
} ipc_mapping;

typedef struct {
  const char *file; /* "<kind>.<name>", checked by JavaScript and again here */
  const char *kind; /* at most 12 characters */
  bool create;      /* make it when it is absent */
  bool
      anonymous; /* always make a new one, named "<kind>.~<16 hexadecimal digits>"; `file` is unused */
  bool has_options; /* `words` and `options` must match what is there (with `create`, one that
                            nobody has open is made anew); otherwise they only serve creation */
  int32_t words;    /* data words */
  int32_t options[4];
  int32_t owners[2]; /* for creation: IPC_WORD_OWNERS */
  bool has_id;       /* attach to this very object or fail with ERR_IPC_UNLINKED; never make one */
  int32_t id[2];
} ipc_open_request;

/* NULL and an error, or a mapping whose thread is in the opener table. `created`
 * tells whether this call made the object. Nobody ever sees a half-made one. */
ipc_mapping *ipc_file_open(ipc_domain *domain, const ipc_open_request *request, bool *created,
                           ipc_error *e);
/* Leaves the opener table, drops the flock, removes an anonymous object that nobody else has open; if
 * the directory stays locked until the deadline, a later sweep removes it. Idempotent. The memory stays
 * until the last reference. */
void ipc_file_close(ipc_mapping *mapping, uint64_t deadline_ns);
uint64_t ipc_closing_deadline(void); /* for all files that are closed together */
void ipc_mapping_retain(ipc_mapping *mapping);
void ipc_mapping_release(
    ipc_mapping *mapping); /* unmaps at the last one (and closes, if need be) */
/* Two descriptors, not close-on-exec, for processes that this one starts: while one of
 * them has the first, the opener counts as alive; the second keeps the object's file in
 * use. false and an error unless the opener may have heirs. */
bool ipc_bequeath(ipc_mapping *mapping, int descriptors[2], ipc_error *e);
/* Whether the name still leads to this object: one fstat. */
bool ipc_file_is_linked(ipc_mapping *mapping);
/* Removes the name. false and ERR_IPC_IN_USE while another live process has it
 * open, unless `force`, which poisons it for them. true and *existed = false when
 * there was none. An object that only this process has open is poisoned too. */
bool ipc_file_unlink(ipc_domain *domain, const char *file, bool force, bool *existed, ipc_error *e);

enum { IPC_SEEN_MAX = 2048 };

typedef struct {
  char file[160];
  char kind[13];
  int32_t words, options[4], id[2];
  bool anonymous;
  bool abandoned; /* a dead agent holds it, or a part of it: the next to acquire it is told */
  int openers;    /* how many of `agents` are filled: the live ones */
  ipc_agent agents[IPC_OPENERS];
  int seen; /* how many of `data` are filled: a copy of the first words */
  int32_t data[IPC_SEEN_MAX];
} ipc_file_info;

/* Calls `each` for every object file of the directory that passes the checks.
 * Anonymous files that nobody has open are removed on the way. */
bool ipc_file_list(ipc_domain *domain, void (*each)(const ipc_file_info *info, void *context),
                   void *context, ipc_error *e);
/* Removes every object that no live process has open (flock LOCK_EX); calls `each` for it. An abandoned
 * object stays, because its next owner must be told, unless `force`. */
bool ipc_file_prune(ipc_domain *domain, bool force, void (*each)(const char *file, void *context),
                    void *context, ipc_error *e);

/* ---- watching (watch.c) --------------------------------------------------- */

/* This protocol says who may sleep on what, and who wakes the sleepers. A sleeper watches the liveness
 * word of everybody in the opener table, so that no death can go unseen: the kernel wakes one sleeper
 * per death; if that one dies too, its own death wakes another.
 *
 * An agent that changes the table changes the place first, then bumps ROSTER, then bumps and wakes the
 * `nudge` of every opener. A sleeper reads ROSTER (arm), examines its words, reads its nudge, makes its
 * list, sees that ROSTER is still what it was, and sleeps on its nudge too. So it sees a change as
 * another ROSTER, or as a nudge. An agent that dies in the middle of a change stands in the table as
 * dead. */

/* Enters `agent` into the file's opener table; false and ERR_IPC_FULL when its
 * places are taken by living agents. An agent may stand there more than once. */
bool ipc_join(ipc_mapping *mapping, ipc_agent agent, ipc_error *e);
/* Takes one entry out. A dead agent's entry stays until another agent finds it: taking it out unseen
 * would hide its death from a sleeper that is about to make its list. */
void ipc_leave(ipc_mapping *mapping, ipc_agent agent);
/* Nudges every live opener: "look again". */
void ipc_nudge_openers(ipc_mapping *mapping);

enum { IPC_WATCH_MAX = 120 }; /* the kernel takes 128 words at once */

typedef struct {
  ipc_word *word; /* the liveness word */
  int32_t alive;  /* what it says as long as the agent lives */
  ipc_agent agent;
  bool silent; /* nobody is woken when it ends, so look often: it lives on in its heirs, or its
                     liveness word is garbage */
} ipc_watched;

/* Calls `add` for each live opener but `self`, with words that are ready to be slept on. Takes a dead
 * opener out, wakes its sleepers, nudges the table's users, and then returns false: the words must be
 * examined again. */
bool ipc_watch_collect(ipc_mapping *mapping, ipc_agent self,
                       void (*add)(void *context, ipc_watched watched), void *context);
void ipc_watch_free(ipc_watch *watch);

/* ---- futexes (futex.c) ------------------------------------------------------ */

typedef struct {
  ipc_word *word;
  int32_t expected;
} ipc_sleep;

enum { IPC_SLEEP_MAX = 128, IPC_SLEPT_OUT = -1, IPC_SLEEP_CHANGED = -2, IPC_SLEEP_SIGNAL = -3 };

uint64_t ipc_now_ns(void); /* CLOCK_MONOTONIC */
/* Sleeps until a wake on one of the words (then it returns the index of that word), the deadline, or a
 * signal. Returns IPC_SLEEP_CHANGED when a word is not what was expected. Before Linux 5.16 it returns
 * after some milliseconds at most, as if woken. */
int ipc_sleep_on(const ipc_sleep *words, int count, uint64_t deadline_ns);
int ipc_wake(ipc_word *word, int count);
void ipc_wake_all(ipc_word *word);
void ipc_without_waitv(bool without); /* for tests of what old kernels do */

/* ---- parking (park.c; tickets.c, parker.c, sink.c) ------------------------------- */

typedef enum {
  IPC_PARK_WOKEN,
  IPC_PARK_CHANGED,
  IPC_PARK_DEATH,
  IPC_PARK_TIMED_OUT,
  IPC_PARK_INTERRUPTED,
} ipc_park_result;

/* A blocked thread comes back at least this often, so that worker.terminate()
 * and process.exit() work and a wake given to somebody who hangs is not lost. */
int ipc_recheck_ms(void);
/* For tests: no sleeper of this process looks at its words by itself any more, so that one which only
 * such a look would have helped sleeps on. worker.terminate() then waits too. */
void ipc_without_recheck(bool without);

/* Bumped by signal handlers; the main thread's sleeps have it among their words. */
extern ipc_word ipc_signal_sequence;

/* Blocks while words[index] is `expected`; `roster` is what arm() read before the words were examined.
 * `interruptible`: only while ipc_signal_sequence is `sequence`, too. It may wake for no reason. */
ipc_park_result ipc_park(ipc_mapping *mapping, int index, int32_t expected, int32_t roster,
                         double timeout_ms, bool interruptible, int32_t sequence);
/* To be called after IPC_PARK_DEATH, when the caller has examined its words: wakes one more sleeper on
 * the dead agent. (Woken before, that one would only want the processor on which the caller examines
 * them.) If the caller dies while it owes this, the same sleepers are watching it. */
void ipc_pass_on_deaths(ipc_mapping *mapping);

/* Where an environment hears of its tickets. */
typedef struct ipc_sink ipc_sink;
/* `ring` is called by a parking thread, under the sink's lock, when the sink was empty. */
ipc_sink *ipc_sink_new(void (*ring)(void *context), void *context);
/* Names a sleep, and the realm of its thread in which somebody waits for it. An id is positive; it comes
 * negated when nothing happened, but the ticket has slept for long. */
typedef struct {
  int32_t id, realm;
} ipc_ticket_name;

/* Takes the names that have come, and so confirms them: at most `max`. Returns how many. */
int ipc_sink_take(ipc_sink *sink, ipc_ticket_name *names, int max);
/* No ring after this; its tickets are dropped. */
void ipc_sink_close(ipc_sink *sink);

typedef struct {
  int index;
  int32_t expected, roster;
  ipc_ticket_name name;
  /* The caller has come back for no reason to this very state, and may sleep long. */
  bool has_looked;
} ipc_ticket_request;

/* One asynchronous sleep; its name comes to the sink when the caller must look again.
 * A wake that is not taken from the sink within 2 ms is passed on to another sleeper. */
bool ipc_ticket(ipc_sink *sink, ipc_mapping *mapping, const ipc_ticket_request *request,
                ipc_error *e);
/* The id will not come. A wake that the ticket consumes meanwhile is passed on. */
void ipc_ticket_cancel(ipc_sink *sink, int32_t id);
/* Cancels all tickets of a mapping and takes the parking threads out of its table. */
void ipc_parkers_forget(ipc_mapping *mapping);

#endif
