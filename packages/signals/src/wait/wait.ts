import { type TryWaitOptions } from '@ipc/core'
import { checkOptions, checkSignal, checkTimeout, now } from '@ipc/core/author'
import type { TryOptions } from '@ipc/core'
import { arrival, type Awaited, type Expected } from './arrival.ts'
import { drain } from '../receive/delivery.ts'
import { handleable } from '../receive/disposition.ts'
import type { SignalInfo } from '../names/info.ts'
import { nativeFor } from '../native.ts'
import { bit, signalNumbers, type Signal } from '../names/numbers.ts'
import { receiverFor } from '../receive/receiver.ts'
import { settle } from '../receive/settle.ts'
import { isWaitedFor, state, type Waiter } from '../receive/state.ts'

/**
 * Blocks the thread until one of these signals comes, and takes it: no handler is called. Block
 * them before (`sigmask`), or one that comes earlier does what its disposition says. Handlers of
 * other signals run meanwhile; one that throws ends the wait.
 * @param options `timeoutMs`: how long to wait at most; as long as it takes by default
 * @returns null when it took too long
 * @throws IpcError ERR_IPC_UNSUPPORTED but on Linux, and in a worker
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/functions/sigwaitinfo.html
 */
export function sigwait(set: Iterable<Signal>, options?: TryOptions): SignalInfo | null {
  const timeoutMs = timeoutOf('sigwait', options)
  return block('wait for a signal', new SignalWait(set), timeoutMs)
}

/** Waits as `sigwait` does; the promise keeps the process alive. Aborting rejects with `signal.reason`. */
export async function sigwaitAsync(
  set: Iterable<Signal>,
  options?: TryWaitOptions,
): Promise<SignalInfo | null> {
  const timeoutMs = timeoutOf('sigwaitAsync', options)
  checkSignal(options?.signal)?.throwIfAborted()
  return await arrival(new SignalWait(set), timeoutMs, options?.signal)
}

/**
 * Blocks the thread until a handler has run.
 * @returns what the handler got; null when it took too long
 * @throws whatever the handler throws
 */
export function pause(options?: TryOptions): SignalInfo | null {
  const timeoutMs = timeoutOf('pause', options)
  return block('wait for a signal', new Pause(), timeoutMs)
}

/** Waits as `pause` does; the promise keeps the process alive. */
export async function pauseAsync(options?: TryWaitOptions): Promise<SignalInfo | null> {
  const timeoutMs = timeoutOf('pauseAsync', options)
  checkSignal(options?.signal)?.throwIfAborted()
  return await arrival(new AsyncPause(), timeoutMs, options?.signal)
}

function timeoutOf(call: string, options: TryOptions | undefined): number {
  checkOptions(`${call}() options`, options)
  return options?.timeoutMs === undefined ? Infinity : checkTimeout(options.timeoutMs)
}

function nobody(): void {}

/** Takes the next of these signals, past their handlers; a signal that is held has come already. */
class SignalWait implements Awaited, Waiter {
  readonly numbers: ReadonlySet<number>
  info: SignalInfo | null = null
  readonly #receiver = receiverFor('wait for a signal')
  #arrived = nobody

  constructor(set: Iterable<Signal>) {
    this.numbers = new Set([...signalNumbers('set', set)].map(handleable))
    const held = state.held.findIndex(({ info }) => this.numbers.has(info.number))
    if (held >= 0) this.info = state.held.splice(held, 1)[0]!.info
    else this.#begin()
  }

  #begin(): void {
    state.waiters.add(this)
    let unblock = 0n
    for (const number of this.numbers) {
      settle(number)
      unblock |= bit(number)
    }
    this.#receiver.mask(0n, unblock & state.blocked)
  }

  take(taken: SignalInfo): void {
    this.info = taken
    this.end()
    this.#arrived()
  }

  onArrival(callback: () => void): void {
    this.#arrived = callback
    if (this.info !== null) callback()
  }

  end(): void {
    if (!state.waiters.delete(this)) return
    let done = 0n
    for (const number of this.numbers) if (!isWaitedFor(number)) done |= bit(number)
    this.#receiver.mask(done & state.blocked, 0n)
    for (const number of this.numbers) settle(number)
  }
}

/** Ends when a handler has run, for a thread that blocks. */
class Pause {
  readonly #outer = state.handled

  constructor() {
    receiverFor('wait for a signal')
    state.handled = null
  }

  get info(): SignalInfo | null {
    return state.handled
  }

  end(): void {
    state.handled = this.#outer
  }
}

/** Ends when a handler has run, for a promise. */
class AsyncPause implements Awaited {
  info: SignalInfo | null = null
  #arrived = nobody
  readonly #resume = (handled: SignalInfo): void => {
    this.info = handled
    this.end()
    this.#arrived()
  }

  constructor() {
    receiverFor('wait for a signal')
    state.pausing.add(this.#resume)
  }

  onArrival(callback: () => void): void {
    this.#arrived = callback
  }

  end(): void {
    state.pausing.delete(this.#resume)
  }
}

function block(what: string, awaited: Expected, timeoutMs: number): SignalInfo | null {
  try {
    const addon = nativeFor(what)
    const deadline = timeoutMs === Infinity ? Infinity : now() + timeoutMs
    for (;;) {
      const sequence = drain()
      if (awaited.info !== null) return awaited.info
      const left = deadline === Infinity ? Infinity : deadline - now()
      if (left <= 0) return null
      addon.signalsSleep(sequence, left)
    }
  } finally {
    awaited.end()
  }
}
