import { setTimeout as delay } from 'node:timers/promises'
import { startProcess, startWorker, type Contender } from '../contender.ts'
import { uniqueName } from '../directory.ts'

/** The members of every primitive that the laws need. */
export interface PrimitiveLike {
  readonly scope: string
  readonly name: string | null
  readonly handle: object
  inspect(): object
  close(): void
}

/** The static side of a primitive. */
export interface ClassLike<X extends PrimitiveLike> {
  readonly name: string
  create(options?: object): X
  open(name: string, options?: object): X
  at(memory: never, index: number, options?: object): X
  from(handle: never): X
  words(options?: object): number
}

/** A primitive to be tested, and where contenders find it. */
export interface Subject<X extends PrimitiveLike> {
  readonly Class: ClassLike<X>
  /** Given to `create`, `open` and `at`. */
  readonly options?: object
  /** Makes the primitive in thread scope. */
  construct(): X
  /** `SharedMemory.create` of core, to place a primitive inside. */
  memory(byteLength: number): PrimitiveLike
  /** The URL of the built package. */
  readonly unit: string
  /** Tests only some of the ways, for a primitive that shares its code with another. */
  readonly few?: boolean
}

/** The modules of tasks: the built package. In tasks `state.there` is the object under test. */
export interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- any package
  readonly unit: any
}

/** One object, as it is open in this thread and in another. */
export interface Meeting<X extends PrimitiveLike> {
  readonly here: X
  /** Its `state.there` is the same object. */
  readonly other: Contender<Modules>
  /** Adds one more such contender. */
  join(): Promise<Contender<Modules>>
}

/** A way for two threads or processes to share one object. */
export interface Placement<X extends PrimitiveLike> {
  readonly name: string
  readonly scope: 'thread' | 'process'
  readonly contender: 'worker' | 'process'
  meet(): Promise<Meeting<X>>
  /** Closes what `meet` opened, so that the contender can be used again. */
  part(): Promise<void>
}

interface Way<X extends PrimitiveLike> {
  readonly name: string
  readonly scope: 'thread' | 'process'
  readonly contender: 'worker' | 'process'
  make(): X
}

const INDEX = 3
const MORE_WORDS = 7

/**
 * Every way that a primitive can be shared: in both scopes, with a worker and with a process, by
 * name, by handle and inside a memory. The other side is always another thread or process.
 */
export function placements<X extends PrimitiveLike>(subject: Subject<X>): Placement<X>[] {
  const { Class, options } = subject
  const bytes = 4 * (INDEX + Class.words(options) + MORE_WORDS)
  const ways: Way<X>[] = [
    {
      name: 'in thread scope, with a worker',
      scope: 'thread',
      contender: 'worker',
      make: () => subject.construct(),
    },
    {
      name: 'inside a SharedArrayBuffer, with a worker',
      scope: 'thread',
      contender: 'worker',
      make: () => Class.at(new SharedArrayBuffer(bytes) as never, INDEX, options),
    },
    {
      name: 'by its name, with a process',
      scope: 'process',
      contender: 'process',
      make: () => Class.open(uniqueName(), options),
    },
    {
      name: 'by its handle, with a process',
      scope: 'process',
      contender: 'process',
      make: () => Class.create(options),
    },
    {
      name: 'in process scope, with a worker',
      scope: 'process',
      contender: 'worker',
      make: () => Class.create(options),
    },
    {
      name: 'inside a SharedMemory, with a process',
      scope: 'process',
      contender: 'process',
      make() {
        const memory = subject.memory(bytes)
        const placed = Class.at(memory as never, INDEX, options)
        memory.close() // the object that lies in it keeps it open
        return placed
      },
    },
  ]
  const chosen = subject.few ? ways.filter((_, i) => i % 2 === 0) : ways
  return chosen.map((way) => placement(subject, way))
}

/** Contenders that can be used again: starting one takes longer than most tests. */
const pools = new Map<string, Contender<Modules>[]>()

function resting(key: string): Contender<Modules>[] {
  const pool = pools.get(key) ?? []
  pools.set(key, pool)
  return pool
}

function placement<X extends PrimitiveLike>(subject: Subject<X>, way: Way<X>): Placement<X> {
  const idle = resting(`${way.contender} ${subject.unit}`)
  const busy: Contender<Modules>[] = []
  let here: X | null = null

  const join = async (): Promise<Contender<Modules>> => {
    const start = way.contender === 'worker' ? startWorker : startProcess
    const found = idle.pop()
    const contender = found?.alive
      ? found
      : await start<Modules>({ modules: { unit: subject.unit } })
    busy.push(contender)
    await introduce(contender, subject, here!)
    return contender
  }

  const dismiss = async (contender: Contender<Modules>): Promise<void> => {
    if (contender.pending > 0) await delay(20)
    const canLeave = contender.alive && contender.pending === 0
    const left = canLeave && (await contender.run(leave).catch(() => false))
    if (left) idle.push(contender)
    else await contender.terminate()
  }

  return {
    name: way.name,
    scope: way.scope,
    contender: way.contender,
    async meet() {
      const made = (here = way.make())
      return { here: made, other: await join(), join }
    },
    async part() {
      await Promise.all(busy.splice(0).map(dismiss))
      tryToClose(here)
      here = null
    },
  }
}

async function introduce<X extends PrimitiveLike>(
  contender: Contender<Modules>,
  subject: Subject<X>,
  here: X,
): Promise<void> {
  await contender.run(
    ({ unit, state }, { className, handle, name, options }) => {
      const Class = unit[className]
      state['there'] = name === null ? Class.from(handle) : Class.open(name, options)
    },
    {
      className: subject.Class.name,
      // The contender opens a named object by its name, without the help of a handle.
      handle: here.name === null ? here.handle : null,
      name: here.name,
      options: subject.options,
    },
  )
}

/** A task for the contender: it closes the object, unless a test left something behind. */
function leave({
  state,
}: {
  readonly state: Record<string, { close(): void } | undefined>
}): boolean {
  try {
    state['there']?.close()
    for (const key of Object.keys(state)) state[key] = undefined
    return true
  } catch {
    return false
  }
}

function tryToClose(primitive: PrimitiveLike | null): void {
  try {
    primitive?.close()
  } catch {
    // A test that failed may still hold it.
  }
}
