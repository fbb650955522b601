import { platform } from '#platform'
import { PlainAgents } from '../agents/agents.ts'
import { AtomicMemory } from '../memory/atomic-memory.ts'
import { joinDomain, openDomain, privateDomain, type Domain } from '../agents/domain.ts'
import { checkOptions, IpcError, flag, integer, outOfRange, wrongType } from '../errors.ts'
import {
  checkHandle,
  isSharedArrayBuffer,
  MEMORY,
  type Handle,
  type ProcessHandle,
} from './handle.ts'
import type { Memory } from '../memory/memory.ts'
import { checkName } from './names.ts'
import { idWords } from '../agents/notes.ts'
import { describe, openFile, type SharedFile } from './shared-file.ts'
import { onceInRealm } from '../realm.ts'
import { ThreadParking } from '../memory/thread-parking.ts'

export type Scope = 'thread' | 'process'

/** The account that a primitive gives of its words. At most four integers are kept with an object. */
export interface Layout {
  readonly kind: string
  readonly words: number
  readonly options: readonly number[]
  /**
   * The words that name who holds it, if a dead holder's successor must be told: the first, and how many.
   * `prune` keeps an object if one of these words is not zero.
   */
  readonly owners?: readonly [first: number, count: number]
}

/**
 * Returns the layout that the options kept with an object mean. They may be garbage: then it throws, or
 * gives another layout than that of the file.
 */
export type LayoutOfStored = (options: readonly number[]) => Layout

/** Options of `X.open`. */
export interface OpenOptions {
  /** false: throws ENOENT when there is none of this name. Default: true. */
  readonly create?: boolean | undefined
}

/** Something to place a primitive in. */
export type Surroundings = SharedArrayBuffer | Memory | { readonly place: Place }

/** Where the words of an object are: a memory and an index. */
export class Place {
  readonly kind: string
  readonly memory: Memory
  readonly index: number
  readonly options: readonly number[]
  readonly scope: Scope
  /** null when it has none. */
  readonly name: string | null
  readonly description: string
  readonly handle: Handle
  readonly file: SharedFile | null
  #isClosed = false

  private constructor(
    memory: Memory,
    scope: Scope,
    handle: Handle,
    index: number,
    options: readonly number[],
    file: SharedFile | null,
  ) {
    this.kind = handle.kind
    this.memory = memory
    this.index = index
    this.options = options
    this.scope = scope
    this.name = 'name' in handle && !handle.name.startsWith('~') ? handle.name : null
    this.description = describe(handle.kind, this.name)
    this.handle = handle
    this.file = file
  }

  /** Thread scope, in memory of its own. */
  static ofItsOwn({ kind, words, options }: Layout, byteLength: number = words * 4): Place {
    const buffer = makeBuffer(kind, byteLength)
    return Place.#inBuffer({ kind, buffer, index: 0, options })
  }

  static #inBuffer(handle: Extract<Handle, { buffer: SharedArrayBuffer }>): Place {
    const memory = threadMemory(handle.buffer)
    return new Place(memory, 'thread', handle, handle.index, handle.options, null)
  }

  static #inFile(file: SharedFile): Place {
    const { kind, name, id, domain } = file
    const handle = { kind, name, id, directory: domain.directory }
    return new Place(file.memory, 'process', handle, 0, file.options, file)
  }

  /** Process scope, without a name: it goes with its last user. */
  static create({ kind, words, options, owners }: Layout): Place {
    const domain = openDomain(true)
    return Place.#inFile(
      openFile(domain, {
        file: kind,
        kind,
        create: true,
        anonymous: true,
        hasOptions: true,
        words,
        options,
        owners,
        id: null,
      }),
    )
  }

  /**
   * Process scope, by name. `given` says whether the layout is what the caller asks for, or only
   * what to make when there is nothing; without it, `layoutOf` checks what is there.
   */
  static open(
    name: unknown,
    layout: Layout,
    given: boolean,
    options?: OpenOptions,
    layoutOf?: LayoutOfStored,
  ): Place {
    const file = `${layout.kind}.${checkName(name)}`
    checkOptions('open() options', options)
    const create = flag('create', options?.create, true)
    const domain = openDomain(create)
    const { kind, words, options: asked, owners } = layout
    const opened = openFile(domain, {
      file,
      kind,
      create,
      anonymous: false,
      hasOptions: given,
      words,
      options: asked,
      owners,
      id: null,
    })
    return Place.#inFile(layoutOf === undefined ? opened : believed(opened, layoutOf))
  }

  /** Inside a memory of the caller's. */
  static at(surroundings: unknown, index: unknown, { kind, words, options }: Layout): Place {
    const at = integer('index', index, 0, 0x3fffffff)
    if (isSharedArrayBuffer(surroundings)) {
      checkRoom(surroundings.byteLength, at, words)
      return Place.#inBuffer({ kind, buffer: surroundings, index: at, options })
    }
    const outer = (surroundings as { place?: unknown } | null | undefined)?.place
    if (outer instanceof Place && outer.kind === MEMORY) {
      outer.#checkOpen()
      checkRoom(outer.options[0]!, at, words)
      if ('buffer' in outer.handle) {
        return Place.#inBuffer({ kind, buffer: outer.handle.buffer, index: at, options })
      }
      const handle = { kind, memory: outer.handle as ProcessHandle, index: at, options }
      return new Place(outer.memory, 'process', handle, at, options, outer.file!.use())
    }
    if (isMemory(surroundings)) {
      const handle = { kind, buffer: noBuffer(), index: at, options }
      return new Place(surroundings, 'thread', handle, at, options, null)
    }
    throw wrongType('memory', 'a SharedMemory, a SharedArrayBuffer or a Memory', surroundings)
  }

  /** Finds the place that a handle leads to; `layoutOf` checks the options that are kept with it. */
  static from(kind: string, given: unknown, layoutOf: LayoutOfStored): Place {
    const handle = checkHandle(kind, given)
    if ('name' in handle) return Place.#inFile(believed(attach(handle), layoutOf))
    const layout = layoutOf(handle.options)
    // A SharedArrayBuffer may end within a word, a file never.
    const words = kind === MEMORY ? Math.floor(layout.options[0]! / 4) : layout.words
    if ('buffer' in handle) {
      checkRoom(handle.buffer.byteLength, handle.index, words)
      return Place.#inBuffer(handle)
    }
    const file = attach(handle.memory)
    try {
      checkRoom(roomIn(file), handle.index, words)
    } catch (error) {
      file.letGo()
      throw error
    }
    return new Place(file.memory, 'process', handle, handle.index, handle.options, file)
  }

  #checkOpen(): void {
    if (this.#isClosed) {
      throw new IpcError('ERR_IPC_CLOSED', `use ${this.description}: it was closed`)
    }
  }

  close(): void {
    this.#isClosed = true
    this.file?.letGo()
  }
}

/** The domain of a handle: its directory is not made again when it is gone. */
function domainOf(directory: string, name: string): Domain {
  try {
    return joinDomain(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const what = `open ${JSON.stringify(name)} by its handle: there is none in ${directory}`
    throw new IpcError('ERR_IPC_UNLINKED', what)
  }
}

function attach({ kind, name, id, directory }: ProcessHandle): SharedFile {
  return openFile(domainOf(directory, name), {
    file: `${kind}.${name}`,
    kind,
    create: false,
    anonymous: false,
    hasOptions: false,
    words: 0,
    options: [0, 0, 0, 0],
    id: idWords(id),
  })
}

/** @throws IpcError ERR_IPC_CORRUPT when the options and the size of a file do not agree */
function believed(file: SharedFile, layoutOf: LayoutOfStored): SharedFile {
  if (isPossible(file, layoutOf)) return file
  file.letGo()
  const { kind, name, words, options } = file
  const what = describe(kind, name)
  const wrong = `its file says ${words} words, options ${options.join(' ')}`
  const wayOut = 'no such object can be; remove it with unlink(name, { force: true })'
  throw new IpcError('ERR_IPC_CORRUPT', `open ${what}: ${wrong}: ${wayOut}`)
}

function isPossible({ words, options }: SharedFile, layoutOf: LayoutOfStored): boolean {
  try {
    const layout = layoutOf(options)
    return layout.words === words && layout.options.every((option, i) => option === options[i])
  } catch {
    return false
  }
}

/** In bytes: what is in the file of a SharedMemory, whatever its header says. */
function roomIn({ words, options }: SharedFile): number {
  return Math.min(words * 4, options[0]!)
}

/** A handle needs one; a simulated memory has none. Not made at load: see makeBuffer. */
function noBuffer(): SharedArrayBuffer {
  return (anEmptyOne ??= makeBuffer(MEMORY, 0))
}

let anEmptyOne: SharedArrayBuffer | undefined

/** @throws IpcError ERR_IPC_UNSUPPORTED in a page that is not isolated */
function makeBuffer(kind: string, byteLength: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === 'function') return new SharedArrayBuffer(byteLength)
  throw new IpcError(
    'ERR_IPC_UNSUPPORTED',
    `make an object of kind ${JSON.stringify(kind)}: this page has no SharedArrayBuffer, as it is not cross-origin isolated; its server ` +
      'must send the headers Cross-Origin-Opener-Policy: same-origin (COOP) and ' +
      'Cross-Origin-Embedder-Policy: require-corp (COEP)',
  )
}

/** This thread where there is no registry. */
const plainAgent = onceInRealm('plain agent', () => ({ id: platform.agentId() }))

const threadMemories = new WeakMap<SharedArrayBuffer, Memory>()

function threadMemory(buffer: SharedArrayBuffer): Memory {
  let memory = threadMemories.get(buffer)
  if (memory === undefined) {
    const isTracked = buffer.growable && buffer.byteLength % 4 === 0 // it has as many as there are
    const words = isTracked
      ? new Int32Array(buffer)
      : new Int32Array(buffer, 0, buffer.byteLength >> 2)
    const agents = privateDomain()?.agents ?? new PlainAgents(plainAgent.id)
    memory = new AtomicMemory(words, agents, new ThreadParking(words))
    threadMemories.set(buffer, memory)
  }
  return memory
}

function checkRoom(byteLength: number, index: number, words: number): void {
  const room = Math.floor(byteLength / 4)
  if (index >= 0 && index + words <= room) return
  throw outOfRange('index', `at most ${room - words} (${words} of ${room} words)`, index)
}

function isMemory(value: unknown): value is Memory {
  return typeof (value as { compareExchange?: unknown } | null)?.compareExchange === 'function'
}
