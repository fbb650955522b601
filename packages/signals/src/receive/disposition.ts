import { constants } from 'node:os'
import { outOfRange, wrongType } from '@ipc/core/author'
import { Installation } from './context.ts'
import { signalName, signalNumber, type Signal } from '../names/numbers.ts'
import { receiverFor } from './receiver.ts'
import { settle } from './settle.ts'
import { SIG_DFL, SIG_IGN, SIG_NODE, state, type Disposition } from './state.ts'

const { SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGPROF, SIGSEGV, SIGSTOP } = constants.signals

/** A handler that returned from one of these would run into it again at once. */
const FAULTS: ReadonlySet<number> = new Set([SIGBUS, SIGFPE, SIGILL, SIGSEGV])
const OUT_OF_REACH: ReadonlySet<number> = new Set([SIGKILL, SIGSTOP])

/**
 * The number of a signal that may be handled.
 * @throws RangeError for SIGKILL, SIGSTOP and the synchronous faults
 */
export function handleable(signal: unknown): number {
  const number = signalNumber(signal)
  if (OUT_OF_REACH.has(number)) {
    throw outOfRange('signal', 'one that the kernel lets a process handle', signalName(number))
  }
  if (FAULTS.has(number)) {
    throw outOfRange('signal', 'no synchronous fault', signalName(number))
  }
  return number
}

/** Whether blocking it would do nothing, or harm. */
export function isUnblockable(number: number): boolean {
  return OUT_OF_REACH.has(number) || FAULTS.has(number)
}

/**
 * Says what a signal does from now on; with one argument, its default action. SIG_DFL and SIG_IGN
 * are the kernel's own. A handler is called in the event loop, or from within a blocking wait of
 * the main thread, once per delivery, in the async context in which it was installed, and stays
 * installed. SIG_NODE gives the signal back to Node.
 * A handler and listeners of `process.on` both run. Among SIG_DFL, SIG_IGN and listeners, the one that
 * was set last is in force, and the one before it returns when the last listener goes.
 * @returns what it did before
 * @throws RangeError for SIGKILL, SIGSTOP and the synchronous faults; TypeError
 * @throws IpcError ERR_IPC_UNSUPPORTED in a worker
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/functions/sigaction.html
 */
export function signal(of: Signal, disposition?: Disposition): Disposition
export function signal(of: Signal, ...given: unknown[]): Disposition {
  const number = handleable(of)
  const disposition = given.length === 0 ? SIG_DFL : checkDisposition(given[0])
  receiverFor(`set the disposition of ${signalName(number)}`)
  const before = getSignal(number)
  const { ours, installations } = state
  const previous = ours.get(number)
  if (disposition === SIG_NODE) ours.delete(number)
  else ours.set(number, disposition)
  state.overruled.delete(number)
  try {
    settle(number)
  } catch (error) {
    if (previous === undefined) ours.delete(number)
    else ours.set(number, previous)
    throw error
  }
  if (typeof disposition === 'function') installations.set(number, new Installation())
  else installations.delete(number)
  if (typeof disposition === 'function' && number === SIGPROF) {
    process.emitWarning(
      'SIGPROF is what the profiler of V8 uses: do not handle it and profile at once',
      'SignalWarning',
      'IPC_SIGPROF',
    )
  }
  return before
}

/**
 * Says what a signal does now: a handler of ours, SIG_DFL, SIG_IGN or SIG_NODE, which also stands for a
 * handler that other native code has installed since.
 */
export function getSignal(of: Signal): Disposition {
  const number = signalNumber(of)
  const receiver = receiverFor(`get the disposition of ${signalName(number)}`)
  const ours = state.ours.get(number)
  const isInForce = !state.overruled.has(number) && receiver.isInForce(number)
  if (ours !== undefined && isInForce) return ours
  return receiver.nodeDisposition(number)
}

function checkDisposition(value: unknown): Disposition {
  if (typeof value === 'function') return value as Disposition
  if (value === SIG_DFL || value === SIG_IGN || value === SIG_NODE) return value
  throw wrongType('disposition', 'a function, SIG_DFL, SIG_IGN or SIG_NODE', value)
}
