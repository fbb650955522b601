import { now } from '@ipc/core/author'
import type { Claim, LockMode } from './claim.ts'
import { AcquiredLock, type HeldLock, type Lock } from './lock.ts'
import { Request, type Granted, type Home } from './request.ts'

const LONGEST_TIMER_MS = 0x7fffffff

/** The request that `acquire` makes: it holds the lock until it is released. */
export class HoldRequest extends Request {
  readonly #deadline: number
  readonly #resolve: (lock: HeldLock | null) => void
  readonly #reject: (reason: unknown) => void
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `timeoutMs` may be Infinity; 0 if the claim is to be granted at once or not at all. */
  constructor(
    owner: object,
    client: Home,
    claim: Claim,
    signal: AbortSignal | undefined,
    timeoutMs: number,
    resolve: (lock: HeldLock | null) => void,
    reject: (reason: unknown) => void,
  ) {
    super(owner, client, claim, signal)
    this.#deadline = timeoutMs === Infinity ? Infinity : now() + timeoutMs
    this.#resolve = resolve
    this.#reject = reject
    if (timeoutMs !== 0) this.#expire()
  }

  /** A timer may be a moment early, and cannot be arbitrarily long. */
  #expire(): void {
    if (this.#deadline === Infinity) return
    const left = Math.ceil(this.#deadline - now())
    if (left <= 0) {
      this.giveUp(() => this.#resolve(null))
      return
    }
    this.#timer = setTimeout(() => this.#expire(), Math.min(left, LONGEST_TIMER_MS))
  }

  protected begin(granted: Granted): void {
    clearTimeout(this.#timer)
    this.#resolve(granted as AcquiredLock | null)
    this.client.listenSoon()
  }

  protected override makeLock(name: string, mode: LockMode, abandoned: boolean): Lock {
    return new AcquiredLock(name, mode, abandoned, this)
  }

  protected reject(reason: unknown): void {
    clearTimeout(this.#timer)
    this.#reject(reason)
  }
}
