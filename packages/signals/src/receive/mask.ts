import { outOfRange, wrongType } from '@ipc/core/author'
import { deliverHeld, drainAll } from './delivery.ts'
import { isUnblockable } from './disposition.ts'
import { nativeFor, onMainThread } from '../native.ts'
import { bit, bitsOf, namesOf, signalNumbers, type Signal } from '../names/numbers.ts'
import { receiverFor } from './receiver.ts'
import { adoptState, isWaitedFor, state } from './state.ts'

export type MaskChange = 'block' | 'unblock' | 'set'

/**
 * Blocks signals: they stay pending until they are unblocked, standard ones once each, real-time
 * ones all in order. The handlers of those that an unblocking lets through have run when this
 * returns. SIGKILL, SIGSTOP and the synchronous faults are never blocked, without an error.
 * @returns the names of those that were blocked before
 * @throws IpcError ERR_IPC_UNSUPPORTED but on Linux, and in a worker
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/functions/pthread_sigmask.html
 */
export function sigmask(how: MaskChange, set: Iterable<Signal>): string[] {
  const change = checkHow(how)
  const bits = bitsOf([...signalNumbers('set', set)].filter((number) => !isUnblockable(number)))
  onMainThread('change the signal mask')
  nativeFor('change the signal mask')
  const receiver = receiverFor('change the signal mask')
  const before = state.blocked
  const after = change === 'block' ? before | bits : change === 'unblock' ? before & ~bits : bits
  state.blocked = after
  receiver.mask(withoutWaited(after & ~before), before & ~after)
  deliverHeld()
  drainAll()
  return namesOf(before)
}

/** Signals that somebody waits for are let through; `deliver` gives them to nobody else. */
function withoutWaited(bits: bigint): bigint {
  let rest = bits
  for (const waiter of state.waiters) {
    for (const number of waiter.numbers) if (isWaitedFor(number)) rest &= ~bit(number)
  }
  return rest
}

function checkHow(how: unknown): MaskChange {
  if (typeof how !== 'string') throw wrongType('how', 'a string', how)
  if (how === 'block' || how === 'unblock' || how === 'set') return how
  throw outOfRange('how', "'block', 'unblock' or 'set'", how)
}

/** The names of the signals that have come while they were blocked, and wait for that to end. */
export function sigpending(): string[] {
  onMainThread('read the pending signals')
  adoptState()
  const inKernel = nativeFor('read the pending signals').signalsPending()
  const arrived = state.receiver?.unreadSet() ?? 0n
  const held = bitsOf([...state.held, ...state.queue].map(({ info }) => info.number))
  return namesOf((inKernel | arrived | held) & state.blocked)
}
