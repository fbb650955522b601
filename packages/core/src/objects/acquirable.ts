import type { AsyncQueue } from '../waiting/async-queue.ts'
import { block } from '../waiting/block.ts'
import { checkTimeout, deadlineAfter, type TryOptions } from '../waiting/deadline.ts'
import { checkFunction, checkOptions, isThenable, wrongType } from '../errors.ts'
import type { Guard } from './guard.ts'
import { traceHold } from '../waiting/long-waits.ts'
import { Primitive } from './primitive.ts'
import { isAwaitedByAllRunning, running, Suspicion } from '../waiting/self-deadlock.ts'
import type { Waiting } from '../waiting/sleep.ts'

/** Options of an asynchronous wait that does not give up by itself. */
export interface WaitOptions {
  /** Aborting rejects the promise with `signal.reason`; nothing is taken then. */
  readonly signal?: AbortSignal | undefined
}

/** Options of an asynchronous wait that may give up. */
export interface TryWaitOptions extends TryOptions, WaitOptions {}

/**
 * Everything that is acquired and released, blocking and asynchronous, with and without giving up.
 * A primitive says how to take without waiting and what to sleep on; the rest is the same for all.
 */
export abstract class Acquirable<G extends Guard> extends Primitive {
  /** The description that all asynchronous calls share. */
  #waiting: Waiting<G> | undefined

  /** The pending asynchronous calls of this thread. */
  protected abstract readonly queue: AsyncQueue<G>
  /** The fast path of `acquire`: takes what is free, and nothing else. */
  protected abstract take(async: boolean): G | undefined
  /** One try that leaves no trace if it fails, but sees whether an owner is dead. */
  protected abstract takeOnce(async: boolean): G | undefined
  /** Describes how to wait for it; the description keeps nothing of a single call. */
  protected abstract waiting(async: boolean): Waiting<G>

  /**
   * Takes it, blocking the thread as long as it takes. On the main thread that blocks the event
   * loop: prefer `acquireAsync` there.
   * @throws IpcError ERR_IPC_DEADLOCK if only this thread could end the wait
   */
  acquire(): G {
    return this.take(false) ?? this.#block(Infinity)!
  }

  /**
   * Takes it, blocking the thread for at most `timeoutMs`; null when that was not enough.
   * @throws TypeError, RangeError for a time-out that is no number
   */
  tryAcquire(options?: TryOptions): G | null {
    checkOptions('tryAcquire() options', options)
    const timeoutMs = checkTimeout(options?.timeoutMs)
    const taken = this.take(false) ?? this.takeOnce(false)
    if (taken !== undefined || timeoutMs === 0) return taken ?? null
    return this.#block(deadlineAfter(this.memory, timeoutMs)) ?? null
  }

  /** Acquires it; the promise resolves when it is acquired. Calls of one thread are served in order. */
  acquireAsync(options?: WaitOptions): Promise<G> {
    const taken = this.#takeAtOnce(options)
    if (taken !== undefined) return Promise.resolve(taken)
    return this.#enqueue('acquireAsync', options, Infinity, false) as Promise<G>
  }

  #takeAtOnce(options: WaitOptions | undefined): G | undefined {
    if (options !== undefined || !this.queue.isEmpty || this.closed) return undefined
    const taken = this.take(true)
    if (taken !== undefined) traceHold(taken)
    return taken
  }

  /** Acquires it as `acquireAsync` does, but with a time-out; null when that was not enough. */
  tryAcquireAsync(options?: TryWaitOptions): Promise<G | null> {
    return this.#enqueue('tryAcquireAsync', options, undefined, false) as Promise<G | null>
  }

  /**
   * Calls `body` while holding it, and releases whatever happens.
   * @returns what `body` returns
   * @throws TypeError when that is a promise: use `withAsync`
   */
  with<R>(body: (guard: G) => R): R {
    checkFunction('what with() calls', body)
    const guard = this.acquire()
    try {
      const result = body(guard)
      if (isThenable(result)) {
        throw wrongType(
          'the result of a function given to with()',
          'no promise (use withAsync)',
          result,
        )
      }
      return result
    } finally {
      guard.release()
    }
  }

  /**
   * Calls `body` while holding it, and releases when its promise is settled.
   * @throws IpcError ERR_IPC_DEADLOCK after a second, when the wait is for a `withAsync` that awaits it
   */
  async withAsync<R>(body: (guard: G) => R | PromiseLike<R>, options?: WaitOptions): Promise<R> {
    checkFunction('what withAsync() calls', body)
    let granted = await (this.#takeAtOnce(options) ??
      this.#enqueue('withAsync', options, Infinity, true))
    if (granted instanceof Suspicion) {
      if (isAwaitedByAllRunning()) granted.convict()
      granted = await granted.rest
    }
    const guard = granted!
    running.add(guard)
    try {
      return await body(guard)
    } finally {
      running.delete(guard)
      guard.release()
    }
  }

  #block(deadline: number): G | undefined {
    return block(this.memory, this.waiting(false), deadline, () => this.description)
  }

  /** This is no async function: one keeps half as much again while it waits. */
  #enqueue(
    call: string,
    options: TryWaitOptions | undefined,
    deadline: number | undefined,
    toRun: boolean,
  ): Promise<G | null | Suspicion<G | null>> {
    try {
      checkOptions(`${call}() options`, options)
      const signal = checkSignal(options?.signal)
      const timeoutMs = deadline ?? checkTimeout(options?.timeoutMs)
      signal?.throwIfAborted()
      this.checkOpen()
      if (this.queue.isEmpty) {
        const taken = this.take(true) ?? this.takeOnce(true)
        if (taken !== undefined) traceHold(taken)
        if (taken !== undefined) return Promise.resolve(taken)
      }
      if (timeoutMs === 0) return Promise.resolve(null)
      const waiting = (this.#waiting ??= this.waiting(true))
      if (toRun) return this.queue.waitToRun(waiting, signal)
      return this.queue.wait(waiting, deadlineAfter(this.memory, timeoutMs), signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** @throws TypeError for anything but an AbortSignal or undefined */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw wrongType('signal', 'an AbortSignal', signal)
}
