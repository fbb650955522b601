/** Something that ends when a signal aborts. */
export interface Abortable {
  abort(reason: unknown): void
}

/**
 * Knows the calls that wait with one signal. The signal has one listener of ours, however many calls wait:
 * it goes through all of its listeners whenever one is added, and in Node 20 it warns of a leak at eleven.
 */
class Listener {
  readonly calls: Set<Abortable> = new Set()
  readonly #signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this)
  }

  /** The signal calls this: it ends the calls, oldest first; each leaves meanwhile. */
  handleEvent(): void {
    for (const call of this.calls) call.abort(this.#signal.reason)
  }

  remove(call: Abortable): void {
    this.calls.delete(call)
    if (this.calls.size > 0) return
    listeners.delete(this.#signal)
    this.#signal.removeEventListener('abort', this)
  }
}

const listeners = new WeakMap<AbortSignal, Listener>()

export function abortWith(signal: AbortSignal, call: Abortable): void {
  let listener = listeners.get(signal)
  if (listener === undefined) listeners.set(signal, (listener = new Listener(signal)))
  listener.calls.add(call)
}

export function ignoreAbort(signal: AbortSignal, call: Abortable): void {
  listeners.get(signal)?.remove(call)
}
