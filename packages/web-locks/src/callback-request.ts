import type { Claim } from './claim.ts'
import type { Client } from './client.ts'
import type { Lock } from './lock.ts'
import { Request } from './request.ts'

const RESOLVED = Promise.resolve()

/** What the standard calls a lock request: holds the lock until the callback's promise is settled. */
export class CallbackRequest<T> extends Request {
  readonly #callback: (locks: Lock[] | null) => T
  readonly #resolve: (value: T | PromiseLike<T>) => void
  readonly #reject: (reason: unknown) => void

  constructor(
    owner: object,
    client: Client,
    claim: Claim,
    signal: AbortSignal | undefined,
    callback: (locks: Lock[] | null) => T,
    resolve: (value: T | PromiseLike<T>) => void,
    reject: (reason: unknown) => void,
  ) {
    super(owner, client, claim, signal)
    this.#callback = callback
    this.#resolve = resolve
    this.#reject = reject
  }

  protected begin(locks: Lock[] | null): void {
    const callback = this.#callback
    let result: T
    try {
      result = callback(locks)
    } catch (error) {
      if (locks === null) this.#reject(error)
      else this.finish(() => this.#reject(error))
      return
    }
    if (locks === null) this.#resolve(result)
    else if (isObject(result)) this.#holdUntilSettled(result)
    else void RESOLVED.then(() => this.finish(() => this.#resolve(result)))
  }

  #holdUntilSettled(result: T): void {
    Promise.resolve(result).then(
      (value) => this.finish(() => this.#resolve(value)),
      (error: unknown) => this.finish(() => this.#reject(error)),
    )
    this.client.listenSoon()
  }

  protected reject(reason: unknown): void {
    this.#reject(reason)
  }
}

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
