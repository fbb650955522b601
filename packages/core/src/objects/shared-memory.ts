import { checkOptions, integer } from '../errors.ts'
import { MEMORY } from './handle.ts'
import type { Memory } from '../memory/memory.ts'
import { Place, type Layout } from './place.ts'
import { Primitive, unlinkName, type Inspection, type UnlinkOptions } from './primitive.ts'

const MAX_BYTES = 0x7fffffff

export interface SharedMemoryOptions {
  /** 1 to 2147483647. */
  readonly byteLength: number
}

export interface SharedMemoryInspection extends Inspection {
  readonly byteLength: number
}

/**
 * Memory that threads or processes share, zero-filled: the state that the locks protect. What was
 * written before `release`, `set` or `notify` is seen after the matching `acquire` or `wait`.
 *
 * ```js
 * const memory = SharedMemory.open('counters', { byteLength: 64 })
 * const counters = new Int32Array(memory.buffer)
 * ```
 */
export class SharedMemory extends Primitive {
  #buffer: ArrayBufferLike | null = null

  /** Thread scope; `new SharedMemory({ byteLength })`. */
  constructor(options: SharedMemoryOptions | Place) {
    super(options instanceof Place ? options : Place.ofItsOwn(layout(options), options.byteLength))
  }

  /** Process scope, without a name: passed on by its handle, gone with its last user. */
  static create(options: SharedMemoryOptions): SharedMemory {
    return new SharedMemory(Place.create(layout(options)))
  }

  /**
   * Process scope, by name: made if it is absent. Without `byteLength` only what is there is opened.
   * @throws Error ENOENT; IpcError ERR_IPC_OPTIONS_MISMATCH when it has another length and is in use
   */
  static open(
    name: string,
    options?: Partial<SharedMemoryOptions> & { create?: boolean },
  ): SharedMemory {
    checkOptions('open() options', options)
    const given = options?.byteLength !== undefined
    const asked = given ? layout(options as SharedMemoryOptions) : layout({ byteLength: 4 })
    const create = given ? options.create : false
    return new SharedMemory(Place.open(name, asked, given, { create }, layoutOfStored))
  }

  static from(handle: unknown): SharedMemory {
    return new SharedMemory(Place.from(MEMORY, handle, layoutOfStored))
  }

  /** Removes the name; returns whether there was one. */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(MEMORY, name, options)
  }

  get byteLength(): number {
    return this.place.options[0]!
  }

  /**
   * The bytes: a SharedArrayBuffer in thread scope, an ArrayBuffer over the shared file in process
   * scope (which cannot be sent to a worker: send the handle). Stays readable after `close()`.
   */
  get buffer(): ArrayBufferLike {
    this.checkOpen()
    const { file, handle } = this.place
    if ('buffer' in handle) return handle.buffer
    return (this.#buffer ??= file!.view(this.byteLength))
  }

  /** The words, for primitives and algorithms of your own. */
  get words(): Memory {
    return this.memory
  }

  inspect(): SharedMemoryInspection {
    return { ...this.inspection, byteLength: this.byteLength }
  }

  protected finish(): void {}
}

function layout(options: SharedMemoryOptions): Layout {
  checkOptions('SharedMemory options', options)
  const byteLength = integer('byteLength', options?.byteLength, 1, MAX_BYTES)
  return { kind: MEMORY, words: Math.ceil(byteLength / 4), options: [byteLength, 0, 0, 0] }
}

function layoutOfStored([byteLength]: readonly number[]): Layout {
  return layout({ byteLength: byteLength! })
}
