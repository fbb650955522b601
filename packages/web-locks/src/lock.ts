import type { LockMode } from './claim.ts'

/** The part of a request that its lock uses. */
export interface Hold {
  readonly signal: AbortSignal
  readonly held: boolean
  release(): Promise<void>
}

/** The key to the constructor; only this package has it. */
export const KEY: unique symbol = Symbol('@ipc/web-locks')

let makeLock: (name: string, mode: LockMode, abandoned: boolean, hold: Hold) => Lock

/** A lock that is held: what a callback is given. */
export class Lock {
  readonly #name: string
  readonly #mode: LockMode
  readonly #abandoned: boolean
  readonly #hold: Hold

  /** As in the standard, nobody makes one: `request` does. */
  protected constructor(...given: readonly unknown[]) {
    if (given[0] !== KEY) throw illegalConstructor()
    this.#name = given[1] as string
    this.#mode = given[2] as LockMode
    this.#abandoned = given[3] as boolean
    this.#hold = given[4] as Hold
  }

  static {
    makeLock = (name, mode, abandoned, hold) => new Lock(KEY, name, mode, abandoned, hold)
    describeInterface(this.prototype, 'Lock', ['name', 'mode'])
  }

  get name(): string {
    return this.#name
  }

  get mode(): LockMode {
    return this.#mode
  }

  /**
   * Whether a process or thread died while it held this lock exclusively, and this holder is the first to
   * be told: what the lock protects may be half-written. Not part of the standard.
   */
  get abandoned(): boolean {
    return this.#abandoned
  }

  /**
   * Aborts when the lock is lost while it is held: with an AbortError if it was stolen, with
   * ERR_IPC_UNLINKED if its file was removed by force. Made when it is first asked for. Not part of the
   * standard.
   */
  get signal(): AbortSignal {
    return this.#hold.signal
  }

  /** @internal */
  protected get hold(): Hold {
    return this.#hold
  }
}

/** What `acquire` resolves with: a lock that is held until it is released. */
export interface HeldLock extends Lock, AsyncDisposable {
  /** True until it is released or lost. */
  readonly held: boolean
  /** Releases it. Idempotent. */
  release(): void
}

export class AcquiredLock extends Lock implements HeldLock {
  /** @internal */
  constructor(name: string, mode: LockMode, abandoned: boolean, hold: Hold) {
    super(KEY, name, mode, abandoned, hold)
  }

  get held(): boolean {
    return this.hold.held
  }

  release(): void {
    void this.hold.release()
  }

  /** Resolves when the lock is free. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.hold.release()
  }
}

export { makeLock }

/** The error that `new` of an interface without a constructor throws, as in browsers and Node. */
export function illegalConstructor(): TypeError {
  return Object.assign(new TypeError('Illegal constructor'), { code: 'ERR_ILLEGAL_CONSTRUCTOR' })
}

/** Makes a class look like the interface of the standard: its members are enumerable, ours are not. */
export function describeInterface(
  prototype: object,
  name: string,
  members: readonly string[],
): void {
  for (const member of members) Object.defineProperty(prototype, member, { enumerable: true })
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true })
}
