import {
  abortWith,
  checkOptions,
  checkSignal,
  ignoreAbort,
  keepAlive,
  letGo,
} from '@ipc/core/author'
import type { WaitOptions } from '@ipc/core'
import type { Abortable } from '@ipc/core/author'
import { handleable } from '../receive/disposition.ts'
import type { SignalInfo } from '../names/info.ts'
import { signalNumbers, type Signal } from '../names/numbers.ts'
import { receiverFor } from '../receive/receiver.ts'
import { settle } from '../receive/settle.ts'
import { state, type Listener } from '../receive/state.ts'

/**
 * Every delivery of these signals from now on, for `for await`. Until the loop is left their default
 * action does not take place; handlers and listeners of `process.on` run as well. A loop that waits
 * keeps the process alive. Aborting ends it with `signal.reason`.
 */
export function signals(
  set: Iterable<Signal>,
  options?: WaitOptions,
): AsyncIterableIterator<SignalInfo, undefined> {
  checkOptions('signals() options', options)
  const signal = checkSignal(options?.signal)
  const numbers = new Set([...signalNumbers('set', set)].map(handleable))
  receiverFor('listen to signals')
  return new SignalStream(numbers, signal)
}

interface Reader {
  readonly resolve: (result: IteratorResult<SignalInfo, undefined>) => void
  readonly reject: (reason: unknown) => void
}

class SignalStream implements AsyncIterableIterator<SignalInfo, undefined>, Listener {
  readonly numbers: ReadonlySet<number>
  readonly #signal: AbortSignal | undefined
  readonly #heard: SignalInfo[] = []
  readonly #readers: Reader[] = []
  readonly #abort: Abortable = { abort: () => this.#end() }
  #ended = false
  #failed = false

  constructor(numbers: ReadonlySet<number>, signal: AbortSignal | undefined) {
    this.numbers = numbers
    this.#signal = signal
    if (signal?.aborted) {
      this.#ended = true
      return
    }
    state.listeners.add(this)
    numbers.forEach((number) => settle(number))
    if (signal !== undefined) abortWith(signal, this.#abort)
  }

  hear(info: SignalInfo): void {
    const reader = this.#readers.shift()
    if (reader === undefined) return void this.#heard.push(info)
    reader.resolve({ value: info, done: false })
    letGo()
  }

  next(): Promise<IteratorResult<SignalInfo, undefined>> {
    return new Promise((resolve, reject) => {
      const info = this.#heard.shift()
      if (info !== undefined) return resolve({ value: info, done: false })
      if (this.#ended) return this.#answerEnd({ resolve, reject })
      keepAlive()
      this.#readers.push({ resolve, reject })
    })
  }

  return(): Promise<IteratorResult<SignalInfo, undefined>> {
    this.#failed = true // nobody is told any more that it was aborted
    this.#heard.length = 0
    this.#end()
    return Promise.resolve({ value: undefined, done: true })
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    state.listeners.delete(this)
    this.numbers.forEach((number) => settle(number))
    if (this.#signal !== undefined) ignoreAbort(this.#signal, this.#abort)
    for (const reader of this.#readers.splice(0)) {
      letGo()
      this.#answerEnd(reader)
    }
  }

  /** The reason is given once; after that there is just nothing more. */
  #answerEnd({ resolve, reject }: Reader): void {
    if (this.#failed || !this.#signal?.aborted) return resolve({ value: undefined, done: true })
    this.#failed = true
    reject(this.#signal.reason)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
