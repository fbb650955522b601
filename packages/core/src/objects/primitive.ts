import { visitDomain } from '../agents/domain.ts'
import { callAddon, checkOptions, flag, IpcError } from '../errors.ts'
import type { Handle } from './handle.ts'
import type { AgentId, AgentInfo, Memory } from '../memory/memory.ts'
import { NOBODY, POISON } from '../memory/memory.ts'
import { checkName } from './names.ts'
import { Place, type LayoutOfStored, type Scope } from './place.ts'

/** Every `inspect()` tells this. */
export interface Inspection {
  readonly kind: string
  readonly name: string | null
  readonly scope: Scope
  /**
   * Only there if it is so: nobody can see here that a thread was terminated while it held the object
   * (in a browser, or without the addon).
   */
  readonly liveness?: false
}

/** Options of `X.unlink`. */
export interface UnlinkOptions {
  /** Removes the name also while others have it open: their waits then throw ERR_IPC_UNLINKED. */
  readonly force?: boolean | undefined
}

type Inspect = (value: unknown, options: object) => string

/** All primitives share this: a place, a handle, and an end. */
export abstract class Primitive implements Disposable {
  /** Where its words are; for primitives, not for their users. */
  readonly place: Place
  protected readonly memory: Memory
  protected readonly index: number
  protected closed = false

  protected constructor(place: Place) {
    this.place = place
    this.memory = place.memory
    this.index = place.index
  }

  /** `console.log` prints this. */
  static {
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value: function (this: Primitive, _depth: number, options: object, inspect: Inspect): string {
        const { name } = this.constructor
        return this.closed ? `${name} (closed)` : `${name} ${inspect(this.inspect(), options)}`
      },
    })
  }

  /** `thread`: in a SharedArrayBuffer. `process`: in a file. */
  get scope(): Scope {
    return this.place.scope
  }

  /** null for an object that has none. */
  get name(): string | null {
    return this.place.name
  }

  /** A handle for `from(handle)` in another thread (thread scope) or anywhere on the machine (JSON). */
  get handle(): Handle {
    return this.place.handle
  }

  /** The state as it is now; also what `console.log` prints. Takes nothing and waits for nothing. */
  abstract inspect(): Inspection

  /** Every `inspect` begins with this. */
  protected get inspection(): Inspection {
    const { kind, name, scope } = this.place
    return {
      kind,
      name,
      scope,
      ...(this.memory.seesDeaths === false ? { liveness: false as const } : {}),
    }
  }

  /** Refuses the end, by throwing, or ends what is pending. */
  protected abstract finish(): void

  /**
   * Ends the use through this object: pending asynchronous calls reject with ERR_IPC_CLOSED, later
   * calls throw it. Idempotent. The object itself stays for others, and by its name.
   * @throws IpcError ERR_IPC_IN_USE when this thread holds it through this object
   */
  close(): void {
    if (this.closed) return
    this.finish()
    this.closed = true
    this.place.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  protected get description(): string {
    return this.place.description
  }

  protected closedError(): IpcError {
    return new IpcError('ERR_IPC_CLOSED', `use ${this.description}: it was closed`)
  }

  protected checkOpen(): void {
    if (this.closed) throw this.closedError()
  }

  protected describeAgent(agent: AgentId): AgentInfo | null {
    if (agent === NOBODY || agent === POISON) return null
    return this.memory.describe?.(agent) ?? null
  }
}

/** How to make an object unusable for those who have it open. */
export interface Poisoning {
  readonly layoutOf: LayoutOfStored
  readonly poison: (place: Place) => void
}

/**
 * Removes a name. By force, `poisoning` makes the words unusable for those who have it open, so that
 * they cannot go on with what the others no longer see.
 * @returns whether there was one
 * @throws IpcError ERR_IPC_IN_USE while another live process has it open, unless forced
 */
export function unlinkName(
  kind: string,
  name: unknown,
  options?: UnlinkOptions,
  poisoning?: Poisoning,
): boolean {
  const file = `${kind}.${checkName(name)}`
  checkOptions('unlink() options', options)
  const force = flag('force', options?.force, false)
  const domain = visitDomain()
  if (domain === null) return false
  const there = force && poisoning ? openToPoison(kind, name, poisoning) : null
  try {
    const existed = callAddon(() => domain.native.unlink(domain.index, file, force))
    if (there !== null) poisoning!.poison(there)
    return existed
  } finally {
    there?.close()
  }
}

/** null if it cannot be opened: then nobody else has it open either, or it is no object. */
function openToPoison(kind: string, name: unknown, { layoutOf }: Poisoning): Place | null {
  const any = { kind, words: 0, options: [0, 0, 0, 0] }
  try {
    return Place.open(name, any, false, { create: false }, layoutOf)
  } catch {
    return null
  }
}
