/* Tells the kernel what to do with each signal, and notices who changed that behind our back. */
#include "signals/signals_internal.h"

#include <string.h>

typedef enum { NODE, CATCH, DEFAULT, IGNORE } asked_for;

/* The things that we put into the kernel. STALE: Node has put something there, and `node` is right. */
typedef enum { NOTHING, OUR_HANDLER, OUR_DEFAULT, OUR_IGNORE, STALE } placed_there;

static asked_for asked[IPC_SIGNALS + 1];
static placed_there placed[IPC_SIGNALS + 1];
static struct sigaction node[IPC_SIGNALS + 1];    /* what Node has, unless NOTHING is placed */
static struct sigaction initial[IPC_SIGNALS + 1]; /* as of the start */
static bool wants_chain[IPC_SIGNALS + 1];
/* The handler with which Node ends a process, by SIGINT and SIGTERM; Node's watchdog leaves it behind. */
static void (*exit_handler)(int);

static bool is_function(const struct sigaction *action) {
  return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

static bool is_ours(const struct sigaction *action) {
  return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == ipc_on_signal;
}

/* The disposition that Node had before its first listener, where it cannot be seen any more. */
static struct sigaction before_listeners(int number) {
  bool ignored = number == SIGPIPE || number == SIGXFSZ;
  return (struct sigaction){.sa_handler = ignored ? SIG_IGN : SIG_DFL};
}

void ipc_dispositions_start(ipc_signal_set listened) {
  for (int number = 1; number <= IPC_SIGNALS; number++)
    if (listened & ipc_signal_bit(number))
      initial[number] = before_listeners(number);
    else
      sigaction(number, NULL, &initial[number]);
  /* The exit handler is that of both, unless there are listeners, or the watchdog runs in this moment. */
  int either = is_function(&initial[SIGTERM]) ? SIGTERM : SIGINT;
  if (is_function(&initial[either])) exit_handler = initial[either].sa_handler;
  if (is_function(&initial[SIGINT])) initial[SIGINT] = initial[either];
}

static bool is_there(placed_there what, const struct sigaction *now) {
  switch (what) {
  case NOTHING: return true;
  case OUR_HANDLER: return is_ours(now);
  case OUR_DEFAULT: return now->sa_handler == SIG_DFL;
  case OUR_IGNORE: return now->sa_handler == SIG_IGN;
  default: return false;
  }
}

static bool left_by_watchdog(const struct sigaction *now) {
  return exit_handler != NULL && now->sa_handler == exit_handler;
}

static struct sigaction action_of(placed_there what) {
  struct sigaction action = {.sa_handler = what == OUR_IGNORE ? SIG_IGN : SIG_DFL};
  if (what == OUR_HANDLER) {
    action.sa_sigaction = ipc_on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigfillset(&action.sa_mask);
  }
  return action;
}

static struct sigaction kernels(int number) {
  struct sigaction now;
  memset(&now, 0, sizeof now);
  sigaction(number, NULL, &now);
  return now;
}

/* The table in signals.h. `under`: what Node has. */
static placed_there right_for(int number, const struct sigaction *under) {
  bool masked = atomic_load(&ipc_signals_masked) & ipc_signal_bit(number);
  if (number == IPC_CARRIER && ipc_carrying()) return OUR_HANDLER;
  switch (asked[number]) {
  case CATCH: return OUR_HANDLER;
  case IGNORE: return OUR_IGNORE;
  case DEFAULT: return masked ? OUR_HANDLER : OUR_DEFAULT;
  default: return masked && under->sa_handler != SIG_IGN ? OUR_HANDLER : NOTHING;
  }
}

static void choose_chain(int number) {
  bool callable = wants_chain[number] && asked[number] == CATCH && is_function(&node[number]) &&
                  !(node[number].sa_flags & SA_SIGINFO);
  atomic_store(&ipc_signal_chained[number], callable ? node[number].sa_handler : NULL);
}

bool ipc_signal_put(int number) {
  struct sigaction now = kernels(number);
  /* We count what others put there as Node's, whether we come first or again. */
  bool is_theirs =
      placed[number] == NOTHING ||
      (placed[number] != STALE && !is_there(placed[number], &now) && !left_by_watchdog(&now));
  if (is_theirs && !is_ours(&now)) node[number] = now;
  placed_there right = right_for(number, &node[number]);
  choose_chain(number); /* before the handler first runs */
  struct sigaction action = right == NOTHING ? node[number] : action_of(right);
  bool leave = right == NOTHING && is_theirs;
  if (!leave && !(right != NOTHING && is_there(right, &now)) &&
      sigaction(number, &action, NULL) != 0)
    return false;
  placed[number] = right;
  return true;
}

static bool ask(int number, asked_for what, bool chain, ipc_error *e) {
  asked_for before = asked[number];
  bool chained = wants_chain[number];
  ipc_signal_set bit = ipc_signal_bit(number);
  asked[number] = what;
  wants_chain[number] = chain;
  if (what == CATCH) atomic_fetch_or(&ipc_signals_caught, bit); /* before the handler first runs */
  bool ok = ipc_signal_put(number);
  if (!ok) {
    asked[number] = before;
    wants_chain[number] = chained;
    ipc_fail_errno(e, NULL, "sigaction", NULL, "set the disposition of signal %d", number);
  }
  if (asked[number] != CATCH) atomic_fetch_and(&ipc_signals_caught, ~bit);
  ipc_carrier_rest();
  return ok;
}

bool ipc_signal_catch(int number, bool chain, ipc_error *e) { return ask(number, CATCH, chain, e); }

bool ipc_signal_assign(int number, bool ignore, ipc_error *e) {
  return ask(number, ignore ? IGNORE : DEFAULT, false, e);
}

bool ipc_signal_give_back(int number, ipc_error *e) { return ask(number, NODE, false, e); }

bool ipc_signal_displaced(int number, bool back, ipc_error *e) {
  (void)e;
  struct sigaction now = kernels(number);
  if (is_ours(&now)) return true; /* libuv did nothing: it had other listeners */
  node[number] = back ? initial[number] : now;
  placed[number] = STALE;
  return true;
}

/* Unless Node has listeners, what we found there may have been the watchdog's. */
static void take_back(int number, const struct sigaction *now) {
  if (!wants_chain[number]) node[number] = *now;
  struct sigaction action = action_of(placed[number]);
  sigaction(number, &action, NULL);
}

bool ipc_signal_in_force(int number) {
  struct sigaction now = kernels(number);
  if (is_there(placed[number], &now)) return true;
  if (placed[number] == STALE || !left_by_watchdog(&now)) return false;
  take_back(number, &now);
  return true;
}

void ipc_signal_reclaim(int number) {
  struct sigaction now = kernels(number);
  if (placed[number] != STALE && !is_there(placed[number], &now)) take_back(number, &now);
}

ipc_disposition ipc_signal_disposition(int number) {
  struct sigaction now = kernels(number);
  if (placed[number] != NOTHING && is_there(placed[number], &now)) now = node[number];
  if (is_function(&now)) return IPC_SIGNAL_FUNCTION;
  return now.sa_handler == SIG_IGN ? IPC_SIGNAL_IGNORED : IPC_SIGNAL_DEFAULT;
}

const struct sigaction *ipc_signal_of_node(int number) { return &node[number]; }

void ipc_signal_chain(int number) {
  void (*chain)(int) = atomic_load(&ipc_signal_chained[number]);
  if (chain != NULL) chain(number);
}
