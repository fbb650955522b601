/**
 * The global `Atomics`, and an `Int32Array` over the simulated memory, so that code that was written for the
 * real ones is explored as it stands.
 *
 *   | the code says              | one step of the simulated memory                                     |
 *   | -------------------------- | -------------------------------------------------------------------- |
 *   | `Atomics.load`, `store`, … | the operation                                                        |
 *   | `words[i]`, `words[i] = v` | a load, a store: a plain access is as orderly as an atomic one here  |
 *   | `Atomics.wait`             | a sleep; with a finite time-out it may time out at any moment        |
 *   | `Atomics.waitAsync`        | a sleep of an event loop                                             |
 *   | `Atomics.notify`           | a wake, of any of the sleepers                                       |
 *   | `performance.now()`        | nothing: time stands still, and is over for a wait that has timed out |
 *
 * No sleep ends because of a death, as no real one does.
 */
import type { Algorithm } from './algorithm.ts'
import { ALL } from './code/operation.ts'
import type { SimulatedMemory } from './code/simulated-memory.ts'
import type { Memory } from './memory.ts'

/** An algorithm that is written for `Atomics`: its threads get an `Int32Array`, or what `open` makes of it. */
export interface AtomicsAlgorithm<T = Int32Array> extends Omit<
  Algorithm<T>,
  'open' | 'surroundings'
> {
  /** Makes what a thread works with, anew for each thread; if left out, that is the array itself. */
  readonly open?: (words: Int32Array) => T
}

/**
 * Makes code for the global `Atomics` explorable: while it is explored, `Atomics`, `Int32Array`,
 * `performance.now` and `Date.now` are stand-ins, which do with all other arrays what they always do.
 */
export function overAtomics<T = Int32Array>(algorithm: AtomicsAlgorithm<T>): Algorithm<T> {
  const { open, ...rest } = algorithm
  const clock: Clock = { memory: null }
  return {
    ...rest,
    open(memory) {
      const simulated = memory as SimulatedMemory
      clock.memory = simulated
      const words = viewOf({ memory: simulated, first: 0, length: algorithm.words, buffer: null })
      return open === undefined ? (words as unknown as T) : open(words)
    },
    surroundings: { install: () => install(clock), isDeaf: true },
  }
}

/* ---- arrays ------------------------------------------------------------------------------------ */

/** Some words of the memory of one execution. */
interface View {
  readonly memory: SimulatedMemory
  readonly first: number
  readonly length: number
  /** The buffer, made when somebody asks for it. */
  buffer: SharedArrayBuffer | null
}

const views = new WeakMap<object, View>()
/** The first view of each buffer: all of it. */
const buffers = new WeakMap<object, View>()

const BYTES = 4

/** The real constructor, before any stand-in takes its place. */
const RealInt32Array = Int32Array
const realAtomics = Atomics

function viewOf(view: View): Int32Array {
  const target = new RealInt32Array(view.length)
  const array = new Proxy(target, {
    get(_, key) {
      const index = indexOf(key)
      if (index === null) return propertyOf(view, array, key)
      return index < view.length ? view.memory.load(view.first + index) : undefined
    },
    set(_, key, value: number) {
      const index = indexOf(key)
      if (index === null) return Reflect.set(target, key, value, target)
      if (index < view.length) view.memory.store(view.first + index, value)
      return true
    },
  })
  views.set(array, view)
  return array
}

/** Answers null for a key that is no index. */
function indexOf(key: string | symbol): number | null {
  if (typeof key === 'symbol') return null
  const code = key.codePointAt(0)!
  if (code < 48 || code > 57) return null
  return Number(key)
}

function propertyOf(view: View, array: Int32Array, key: string | symbol): unknown {
  if (key === 'buffer') return bufferOf(view)
  if (key === 'byteOffset') return view.first * BYTES
  const value: unknown = Reflect.get(RealInt32Array.prototype, key, new RealInt32Array(view.length))
  return typeof value === 'function' && key !== 'constructor' ? methodOf(view, array, key) : value
}

function bufferOf(view: View): SharedArrayBuffer {
  if (view.buffer !== null) return view.buffer
  const bytes = (view.first + view.length) * BYTES
  view.buffer = new SharedArrayBuffer(bytes)
  const { memory, buffer } = view
  buffers.set(buffer, { memory, first: 0, length: bytes / BYTES, buffer })
  return buffer
}

/**
 * The methods of typed arrays refuse an object that is no typed array; those of `Array.prototype` do the same
 * things by index.
 */
function methodOf(view: View, array: Int32Array, key: string | symbol): unknown {
  const plain = (): Int32Array => RealInt32Array.from({ length: view.length }, (_, i) => array[i]!)
  switch (key) {
    case 'subarray':
      return (begin = 0, end = view.length) => {
        const first = within(begin, view.length)
        const length = Math.max(0, within(end, view.length) - first)
        return viewOf({ ...view, first: view.first + first, length })
      }
    case 'set':
      return (from: ArrayLike<number>, offset = 0) => {
        if (offset < 0 || offset + from.length > view.length) {
          throw new RangeError('offset is out of bounds')
        }
        for (let i = 0; i < from.length; i++) array[offset + i] = from[i]!
      }
    case 'slice':
    case 'map':
    case 'filter':
      return (...args: never[]) => (plain()[key] as (...all: never[]) => Int32Array)(...args)
    default: {
      const generic: unknown = Reflect.get(Array.prototype, key)
      if (typeof generic === 'function') return generic
      throw new TypeError(`Int32Array.${String(key)}() is not explored: use indexes, or Atomics`)
    }
  }
}

/** Reads an argument as `subarray` does. */
function within(index: number, length: number): number {
  return index < 0 ? Math.max(0, length + index) : Math.min(index, length)
}

/* ---- Atomics ------------------------------------------------------------------------------------- */

/** The memory and the word of an access; null for an array that is not simulated. */
function wordOf(array: object, index: number): { memory: SimulatedMemory; word: number } | null {
  const view = views.get(array)
  if (view === undefined) return null
  const i = Math.trunc(index) || 0
  if (i < 0 || i >= view.length) throw new RangeError(`Invalid atomic access index: ${index}`)
  return { memory: view.memory, word: view.first + i }
}

type Modify = 'add' | 'sub' | 'and' | 'or' | 'exchange'

function modify(name: Modify): (array: Int32Array, index: number, value: number) => number {
  return (array, index, value) => {
    const at = wordOf(array, index)
    return at === null
      ? realAtomics[name](array, index, value)
      : at.memory[name](at.word, Math.trunc(value))
  }
}

const OUTCOMES = { woken: 'ok', changed: 'not-equal', 'timed-out': 'timed-out' } as const

const forever = (timeout: number | undefined): number =>
  timeout === undefined || Number.isNaN(timeout) ? Infinity : Math.max(0, timeout)

/**
 * The functions of `Atomics`, over simulated and over real arrays. They are for code that took its own copies
 * of the global's functions before it is explored, and can be given others.
 */
export const SimulatedAtomics: typeof Atomics = Object.assign(
  Object.create(realAtomics) as typeof Atomics,
  {
    load(array: Int32Array, index: number) {
      const at = wordOf(array, index)
      return at === null ? realAtomics.load(array, index) : at.memory.load(at.word)
    },
    store(array: Int32Array, index: number, value: number) {
      const at = wordOf(array, index)
      if (at === null) return realAtomics.store(array, index, value)
      at.memory.store(at.word, Math.trunc(value))
      return Math.trunc(value)
    },
    add: modify('add'),
    sub: modify('sub'),
    and: modify('and'),
    or: modify('or'),
    exchange: modify('exchange'),
    xor(array: Int32Array, index: number, value: number) {
      const at = wordOf(array, index)
      return at === null
        ? realAtomics.xor(array, index, value)
        : at.memory.xor(at.word, Math.trunc(value))
    },
    compareExchange(array: Int32Array, index: number, expected: number, value: number) {
      const at = wordOf(array, index)
      return at === null
        ? realAtomics.compareExchange(array, index, expected, value)
        : at.memory.compareExchange(at.word, Math.trunc(expected), Math.trunc(value))
    },
    wait(array: Int32Array, index: number, expected: number, timeout?: number) {
      const at = wordOf(array, index)
      if (at === null) return realAtomics.wait(array, index, expected, timeout)
      return OUTCOMES[at.memory.wait(at.word, expected, forever(timeout))]
    },
    waitAsync(array: Int32Array, index: number, expected: number, timeout?: number) {
      const at = wordOf(array, index)
      if (at === null) return realAtomics.waitAsync(array, index, expected, timeout)
      return waitAsync(at.memory, at.word, expected, forever(timeout))
    },
    notify(array: Int32Array, index: number, count = Infinity) {
      const at = wordOf(array, index)
      if (at === null) return realAtomics.notify(array, index, count)
      return at.memory.unpark(at.word, Math.min(ALL, Math.max(0, Math.trunc(count) || 0)))
    },
    /** A hint to the processor, which does nothing to the memory. */
    pause() {},
  },
)

type Outcome = 'ok' | 'not-equal' | 'timed-out'
type WaitAsync =
  { async: false; value: 'not-equal' | 'timed-out' } | { async: true; value: Promise<Outcome> }

function waitAsync(
  memory: SimulatedMemory,
  word: number,
  expected: number,
  timeoutMs: number,
): WaitAsync {
  let wake: () => void
  const woken = new Promise<Outcome>((resolve) => (wake = () => resolve('ok')))
  const ticket = memory.waitAsync(word, expected, () => wake())
  if (ticket === null) return { async: false, value: 'not-equal' }
  if (timeoutMs === Infinity) return { async: true, value: woken }
  const timedOut = new Promise<Outcome>((resolve) => {
    const timer = setTimeout(() => {
      if (ticket.cancel()) resolve('timed-out')
    }, timeoutMs)
    void woken.then(() => clearTimeout(timer))
  })
  return { async: true, value: Promise.race([woken, timedOut]) }
}

/* ---- globals --------------------------------------------------------------------------------------- */

/** The clock of the execution that began last. */
interface Clock {
  memory: Memory | null
}

/** Views of these kinds would go past the simulated words. */
const UNSUPPORTED = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
] as const

/** Makes an `Int32Array` over a simulated buffer; all other arrays are made as always. */
function makeArray(target: typeof Int32Array, args: readonly unknown[], made: Function): object {
  const whole = typeof args[0] === 'object' && args[0] !== null ? buffers.get(args[0]) : undefined
  if (whole === undefined) return Reflect.construct(target, args, made) as object
  const [, byteOffset = 0, length = whole.length - Number(byteOffset) / BYTES] = args
  const first = Number(byteOffset) / BYTES
  if (!Number.isInteger(first) || first + Number(length) > whole.length || Number(length) < 0) {
    throw new RangeError(
      `an Int32Array of ${String(length)} words from byte ${String(byteOffset)} on: ` +
        `the simulated buffer has ${whole.length * BYTES} bytes`,
    )
  }
  return viewOf({ ...whole, first, length: Number(length) })
}

function refuseArray(
  name: string,
): (target: Function, args: readonly unknown[], made: Function) => object {
  return (target, args, made) => {
    if (typeof args[0] === 'object' && args[0] !== null && buffers.has(args[0])) {
      throw new TypeError(`only an Int32Array over the simulated words is explored: ${name}`)
    }
    return Reflect.construct(target, args, made) as object
  }
}

function install(clock: Clock): () => void {
  const all = globalThis as unknown as Record<string, unknown>
  const before: [string, unknown][] = []
  const replace = (name: string, value: unknown): void => {
    before.push([name, all[name]])
    all[name] = value
  }
  replace('Atomics', SimulatedAtomics)
  replace('Int32Array', new Proxy(RealInt32Array, { construct: makeArray }))
  for (const name of UNSUPPORTED) {
    if (all[name] === undefined) continue // newer than this runtime
    replace(name, new Proxy(all[name] as Function, { construct: refuseArray(name) }))
  }
  const time = (): number => clock.memory?.now() ?? 0
  const { now } = Date
  Date.now = time
  Object.defineProperty(performance, 'now', { value: time, configurable: true })
  return () => {
    for (const [name, value] of before) all[name] = value
    Date.now = now
    // The real one is inherited.
    Reflect.deleteProperty(performance, 'now')
  }
}
