import type { Claim } from './claim.ts'
import { Request, type Granted, type Home, type Settle } from './request.ts'

const RESOLVED = Promise.resolve()

/** The lock request of the standard: it holds the lock until the callback's promise is settled. */
export class CallbackRequest extends Request {
  readonly #callback: (granted: never) => unknown
  readonly #resolve: Settle
  readonly #reject: Settle

  /** `callback` takes the value that `begin` is given. */
  constructor(
    owner: object,
    client: Home,
    claim: Claim,
    signal: AbortSignal | undefined,
    callback: (granted: never) => unknown,
    resolve: Settle,
    reject: Settle,
  ) {
    super(owner, client, claim, signal)
    this.#callback = callback
    this.#resolve = resolve
    this.#reject = reject
  }

  protected begin(granted: Granted): void {
    const callback = this.#callback // called without a `this`
    let result: unknown
    try {
      result = callback(granted as never)
    } catch (error) {
      if (granted === null) this.#reject(error)
      else this.finish(this.#reject, error)
      return
    }
    if (granted === null) this.#resolve(result)
    else if (isObject(result)) this.#holdUntilSettled(result)
    else void RESOLVED.then(() => this.finish(this.#resolve, result))
  }

  #holdUntilSettled(result: unknown): void {
    Promise.resolve(result).then(
      (value) => this.finish(this.#resolve, value),
      (error: unknown) => this.finish(this.#reject, error),
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
