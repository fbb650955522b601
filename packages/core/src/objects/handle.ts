import { outOfRange, wrongType } from '../errors.ts'
import { checkName } from './names.ts'

/** The handle of an object in a SharedArrayBuffer: send it with `postMessage` or as `workerData`. */
export interface ThreadHandle {
  readonly kind: string
  readonly buffer: SharedArrayBuffer
  readonly index: number
  readonly options: readonly number[]
}

/** The handle of an object in a file: JSON; send it any way you like. */
export interface ProcessHandle {
  readonly kind: string
  readonly name: string
  readonly id: string
  readonly directory: string
}

/** The handle of an object inside a process-scope `SharedMemory`: JSON. */
export interface InnerHandle {
  readonly kind: string
  readonly memory: ProcessHandle
  readonly index: number
  readonly options: readonly number[]
}

/** Passes a primitive on to another thread or process, for `X.from(handle)`. */
export type Handle = ThreadHandle | ProcessHandle | InnerHandle

/** The kind of an InnerHandle's memory. */
export const MEMORY = 'memory'

/** This stands for the name of an object that has none. */
const WITHOUT_NAME = /^~[0-9a-f]{16}$/

/** @throws TypeError that shows what is no handle, or one of another kind */
export function checkHandle(kind: string, handle: unknown): Handle {
  const expected = `a handle of kind ${JSON.stringify(kind)}`
  if (typeof handle !== 'object' || handle === null) throw wrongType('handle', expected, handle)
  const {
    kind: given,
    buffer,
    index,
    options,
    name,
    id,
    directory,
    memory,
  } = handle as Record<string, unknown>
  if (given !== kind) throw wrongType('handle', expected, given)
  const isPlaced =
    Number.isInteger(index) &&
    Array.isArray(options) &&
    options.length === 4 &&
    options.every((option) => Number.isInteger(option))
  if (buffer !== undefined) {
    if (!isSharedArrayBuffer(buffer)) {
      throw wrongType('handle.buffer', 'a SharedArrayBuffer (was it sent as JSON?)', buffer)
    }
    if (!isPlaced) throw wrongType('handle.index and handle.options', 'as they were given', index)
  } else if (memory !== undefined) {
    if (!('name' in checkHandle(MEMORY, memory))) {
      throw wrongType('handle.memory', 'a handle of a file', memory)
    }
    if (!isPlaced) throw wrongType('handle.index and handle.options', 'as they were given', index)
  } else {
    if (typeof name !== 'string' || !WITHOUT_NAME.test(name)) checkName(name)
    if (typeof id !== 'string' || !/^[0-9a-f]{16}$/.test(id)) {
      throw wrongType('handle.id', '16 hexadecimal digits', id)
    }
    if (typeof directory !== 'string') throw wrongType('handle.directory', 'a string', directory)
    if (directory.includes('\0')) throw outOfRange('handle.directory', 'a path', directory)
  }
  return handle as Handle
}

/** Accepts one of another realm, too: in a test that runs in a `vm` context, what a worker sends is one. */
export function isSharedArrayBuffer(value: unknown): value is SharedArrayBuffer {
  return Object.prototype.toString.call(value) === '[object SharedArrayBuffer]'
}
