import type { OpenedFile, OpenRequest } from '@ipc/native'
import { AtomicMemory } from '../memory/atomic-memory.ts'
import type { Domain } from '../agents/domain.ts'
import { callAddon } from '../errors.ts'
import { idText } from '../agents/notes.ts'
import { ProcessParking } from '../memory/process-parking.ts'
import { onceInRealm } from '../realm.ts'

/** The files that this realm has open, by domain, file and id. */
const files = onceInRealm('files', () => new Map<string, SharedFile>())

/**
 * A named object as this thread has it open. Opening it again gives the same one, so that all who
 * use it in this thread share their holds and their queue.
 */
export class SharedFile {
  readonly memory: AtomicMemory
  readonly domain: Domain
  readonly kind: string
  /** The name without the kind. */
  readonly name: string
  /** 16 hexadecimal digits: this very object, and no later one of the name. */
  readonly id: string
  readonly words: number
  readonly options: readonly number[]
  readonly #opened: OpenedFile
  readonly #key: string
  #users = 1

  constructor(domain: Domain, kind: string, opened: OpenedFile, key: string) {
    const { native } = domain
    const name = opened.file.slice(kind.length + 1)
    const whole = new Int32Array(opened.buffer)
    const data = whole.subarray(native.layout.data, native.layout.data + opened.words)
    const what = describe(kind, name)
    const parking = new ProcessParking(whole, domain, opened, what)
    this.memory = new AtomicMemory(data, domain.agents, parking)
    this.domain = domain
    this.kind = kind
    this.name = name
    this.id = idText(opened.id)
    this.words = opened.words
    this.options = opened.options
    this.#opened = opened
    this.#key = key
  }

  use(): this {
    this.#users++
    return this
  }

  /** The last user closes it. */
  letGo(): void {
    if (--this.#users > 0) return
    files.delete(this.#key)
    this.domain.native.close(this.#opened.external)
  }

  /** Descriptors for processes that are started from now on: see heirs.ts. */
  bequeath(): readonly number[] {
    return callAddon(() => this.domain.native.bequeath(this.#opened.external))
  }

  /** The data as bytes; stays valid after closing. */
  view(byteLength: number): ArrayBuffer {
    const { native } = this.domain
    return native.view(this.#opened.external, native.layout.data * 4, byteLength)
  }
}

export function openFile(domain: Domain, request: OpenRequest): SharedFile {
  const { native } = domain
  const opened = callAddon(() => native.open(domain.index, request))
  const key = [domain.index, opened.file, ...opened.id].join('/')
  const there = files.get(key)
  if (there !== undefined) {
    native.close(opened.external)
    return there.use()
  }
  const file = new SharedFile(domain, request.kind, opened, key)
  files.set(key, file)
  return file
}

/** An object as messages name it: `lock "jobs"`. */
export function describe(kind: string, name: string | null): string {
  return name === null ? kind : `${kind} ${JSON.stringify(name)}`
}
