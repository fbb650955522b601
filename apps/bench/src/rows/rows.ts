import type { WorkOptions } from '../programs/options.ts'
import {
  absolute,
  BYTES,
  type Contestant,
  MILLIONS,
  MS,
  NS,
  relative,
  relativeToRow,
  type Row,
  US,
} from './row.ts'

/** How much is done in one run. */
export interface Amount {
  /** How long a work runs that counts, or that one process times, in milliseconds. */
  readonly ms: number
  /** Round trips. */
  readonly trips: number
  /** Sleepers that are woken, one by one, each after some milliseconds. */
  readonly wakes: number
  /** Owners that are killed; each is a process. */
  readonly kills: number
  /** Calls that hand over, and objects that are made. */
  readonly many: number
  /** Fresh processes. */
  readonly starts: number
}

export const FULL: Amount = { ms: 400, trips: 10_000, wakes: 60, kills: 8, many: 30_000, starts: 7 }
export const QUICK: Amount = { ms: 30, trips: 200, wakes: 3, kills: 1, many: 1000, starts: 1 }

/** `apart`: two different CPUs, if there are two; `together`: one for both. Empty: the system decides. */
export interface Cpus {
  readonly apart: readonly number[]
  readonly together: readonly number[]
}

const QUEUED = [1, 10, 100, 1000] as const
const PROCESSES = [1, 2, 4, 8, 16] as const

const C_MUTEX = 'C pthread mutex'
const C_ROBUST = 'C robust mutex'
const C_SEM = 'C sem_t'
const C_FUTEX = 'C futex'
const C_FLOCK = 'C flock'
const CPYTHON = 'CPython'

/** All works that are measured, in the order of the report. */
export function allRows(amount: Amount, { apart, together }: Cpus): Row[] {
  const { ms, trips, wakes, kills, many, starts } = amount
  const options = (work: string, kind: string, given: Partial<WorkOptions>): WorkOptions => ({
    work,
    kind,
    cpus: [],
    ms,
    rounds: 1,
    n: 2,
    ...given,
  })

  const one = together.slice(0, 1)
  const by =
    (program: Contestant['program'], work: string, given: Partial<WorkOptions>) =>
    (name: string, kind: string): Contestant => ({
      name,
      program,
      options: options(work, kind, given),
    })

  const pair = by('pairs', 'pairs', {}) // unpinned: V8 compiles on other CPUs
  const cPair = by('c', 'pairs', { cpus: one, rounds: many * 20 })
  const pythonPair = by('python', 'pairs', { cpus: one, rounds: many * 10 })
  const contending = (n: number) => ({
    node: by('node', 'contend', { cpus: apart, n }),
    c: by('c', 'contend', { cpus: apart, n }),
    python: by('python', 'contend', { cpus: apart, n }),
  })
  const two = contending(2)
  const thread = by('threads', 'contend', { cpus: apart })
  const trip = { cpus: together, rounds: trips }
  const wake = { cpus: apart, rounds: wakes }
  const wakeTogether = { cpus: together, rounds: wakes }
  const death = { cpus: apart, rounds: kills }
  const start = by('startup', 'startup', { rounds: starts })
  const memory = by('memory', 'memory', { n: many / 10 })

  const blockingWake = [
    by('c', 'wake', wake)(C_SEM, 'sem_t'),
    by('c', 'wake', wake)(C_MUTEX, 'mutex'),
    by('c', 'wake', wake)(C_ROBUST, 'robust'),
    by('c', 'wake', wake)(C_FLOCK, 'flock'),
    by('python', 'wake', wake)(CPYTHON, 'lock'),
    by('node', 'wake', wake)('fs-ext', 'fs-ext'),
    by('node', 'wake', wake)('fs-native-extensions', 'fs-native-extensions'),
    by('node', 'wake', wake)('lmdb', 'lmdb'),
  ]

  return [
    {
      id: 'pair',
      work: 'acquire + release, nobody else wants it, process scope',
      unit: NS,
      ours: pair('ours', 'ours'),
      others: [
        pair('bare CAS pair', 'bare'),
        cPair(C_MUTEX, 'mutex'),
        cPair(C_ROBUST, 'robust'),
        cPair(C_SEM, 'sem_t'),
        cPair(C_FUTEX, 'futex'),
        cPair(C_FLOCK, 'flock'),
        pythonPair(CPYTHON, 'lock'),
        pair('fs-ext', 'fs-ext'),
        pair('fs-native-extensions', 'fs-native-extensions'),
        pair('lmdb', 'lmdb'),
      ],
      goals: [relative(1.5, 'bare CAS pair', NS)],
    },
    {
      id: 'pair-thread',
      work: 'acquire + release, nobody else wants it, thread scope',
      unit: NS,
      ours: pair('ours', 'ours-thread'),
      others: [
        pair('bare CAS pair', 'bare'),
        pair('js-lock style', 'js-lock'),
        pair('V8 Atomics.Mutex', 'v8'),
      ],
      goals: [relative(1.5, 'bare CAS pair', NS)],
    },
    {
      id: 'pair-async',
      work: 'await acquireAsync() + release, nobody else wants it',
      unit: NS,
      ours: pair('ours', 'ours-async'),
      others: [
        pair('async-mutex', 'async-mutex'),
        pair('async-lock', 'async-lock'),
        pair('navigator.locks', 'navigator.locks'),
        pair('proper-lockfile', 'proper-lockfile'),
      ],
      goals: [absolute(200, NS)],
    },
    {
      id: 'web-locks',
      work: 'await locks.request(name, () => {}), nobody else wants it',
      unit: NS,
      ours: pair('ours', 'web-locks'),
      others: [
        pair('navigator.locks', 'navigator.locks'),
        pair('ours, a new name each time', 'web-locks-new'),
        pair('Lock, acquireAsync()', 'ours-async'),
      ],
      goals: [absolute(700, NS), relative(0.2, 'navigator.locks', NS)],
    },
    {
      id: 'web-locks-wake',
      work: 'locks.request: its callback ends → a waiting process runs its own, p50',
      unit: US,
      ours: by('node', 'wake', wake)('ours', 'web-locks'),
      others: [by('node', 'wake', wake)('Lock, acquireAsync()', 'ours-async')],
      goals: [relative(1.5, 'Lock, acquireAsync()', US)],
    },
    {
      id: 'web-locks-killed',
      work: 'kill -9 of the holder of a Web Lock → the next callback runs, p50',
      unit: MS,
      ours: by('node', 'killed', death)('ours', 'web-locks'),
      others: [by('node', 'killed', death)('Lock, acquireAsync()', 'ours-async')],
      goals: [absolute(1, MS)],
    },
    {
      id: 'contend',
      work: 'two processes contending, short critical section',
      unit: MILLIONS,
      ours: two.node('ours', 'ours'),
      others: [
        two.c(C_MUTEX, 'mutex'),
        two.c(C_ROBUST, 'robust'),
        two.c(C_SEM, 'sem_t'),
        two.c(C_FUTEX, 'futex'),
        two.c(C_FLOCK, 'flock'),
        two.python(CPYTHON, 'lock'),
        two.node('ours, async', 'ours-async'),
        two.node('fs-ext', 'fs-ext'),
        two.node('fs-native-extensions', 'fs-native-extensions'),
        two.node('lmdb', 'lmdb'),
        two.node('proper-lockfile', 'proper-lockfile'),
      ],
      goals: [absolute(5, MILLIONS), relative(4, CPYTHON, MILLIONS)],
    },
    {
      id: 'contend-threads',
      work: 'two threads contending, short critical section',
      unit: MILLIONS,
      ours: thread('ours', 'ours'),
      others: [thread('js-lock style', 'js-lock'), thread('V8 Atomics.Mutex', 'v8')],
      goals: [relative(1, 'V8 Atomics.Mutex', MILLIONS), relative(1, 'js-lock style', MILLIONS)],
    },
    {
      id: 'pingpong',
      work: 'ping-pong over two semaphores, two processes, same CPU, p50',
      unit: US,
      ours: by('node', 'pingpong', trip)('ours', 'ours'),
      others: [
        by('c', 'pingpong', trip)(C_SEM, 'sem_t'),
        by('c', 'pingpong', trip)(C_FUTEX, 'futex'),
        by('python', 'pingpong', trip)(CPYTHON, 'semaphore'),
        by('node', 'pingpong', trip)('ours, async', 'ours-async'),
      ],
      goals: [relative(1.3, C_SEM, US)],
    },
    {
      id: 'wake',
      work: 'release → a process blocked in acquire() runs, p50',
      unit: US,
      ours: by('node', 'wake', wake)('ours', 'ours'),
      others: blockingWake,
      goals: [relative(1.3, C_SEM, US)],
    },
    {
      id: 'wake-async',
      work: 'release → a process in await acquireAsync() runs, p50',
      unit: US,
      ours: by('node', 'wake', wake)('ours', 'ours-async'),
      others: [
        by('node', 'wake', wake)('fs-ext, async', 'fs-ext-async'),
        by('node', 'wake', wake)('fs-native-extensions, async', 'fs-native-extensions-async'),
        by('node', 'wake', wake)('proper-lockfile', 'proper-lockfile'),
      ],
      goals: [relativeToRow(2, 'wake', 'blocking', US)],
    },
    {
      id: 'killed',
      work: 'kill -9 of the owner → the next owner has it, p50',
      unit: MS,
      ours: by('node', 'killed', death)('ours', 'ours'),
      others: [
        by('node', 'killed', death)('ours, async', 'ours-async'),
        by('c', 'killed', death)(C_ROBUST, 'robust'),
        by('c', 'killed', death)(C_FLOCK, 'flock'),
        by('node', 'killed', death)('fs-ext', 'fs-ext'),
        by('node', 'killed', death)('fs-native-extensions', 'fs-native-extensions'),
        by('node', 'killed', death)('lmdb', 'lmdb'),
        {
          ...by('node', 'killed', { ...death, rounds: 1 })('proper-lockfile', 'proper-lockfile'),
          once: true,
        },
      ],
      goals: [absolute(1, MS)],
    },
    {
      id: 'event-together',
      work: 'Event.set → a process that waits on the same CPU runs, p50',
      unit: US,
      ours: by('node', 'event', wakeTogether)('ours', 'ours'),
      others: [
        by('python', 'event', wakeTogether)(CPYTHON, 'event'),
        by('c', 'wake', wakeTogether)(`${C_SEM}, one wake`, 'sem_t'),
        by('node', 'event', wakeTogether)('ours, async', 'ours-async'),
      ],
      goals: [relative(1, CPYTHON, US)],
    },
    {
      id: 'event',
      work: 'Event.set → a waiting process runs, p50',
      unit: US,
      ours: by('node', 'event', wake)('ours', 'ours'),
      others: [
        by('python', 'event', wake)(CPYTHON, 'event'),
        by('c', 'wake', wake)(`${C_SEM}, one wake`, 'sem_t'),
        by('node', 'event', wake)('ours, async', 'ours-async'),
      ],
      goals: [relative(0.5, CPYTHON, US)],
    },
    {
      id: 'signals',
      work: 'kill → handler → kill back, two processes, same CPU, p50',
      unit: US,
      ours: by('node', 'signals', trip)('ours', 'ours'),
      others: [
        by('c', 'signals', trip)('C', 'handler'),
        by('python', 'signals', trip)(CPYTHON, 'handler'),
        by('node', 'signals', trip)('ours, event loop', 'loop'),
        by('node', 'signals', trip)('Node process.kill', 'node'),
      ],
      goals: [relative(1, CPYTHON, US)],
    },
    ...QUEUED.map((n): Row => {
      const queued = by('queued', 'queued', { n, rounds: many })
      return {
        id: `queued-${n}`,
        work: `hand-over with ${n.toLocaleString('en')} async calls queued`,
        unit: NS,
        ours: queued('ours', 'ours'),
        others: [
          queued('ours, thread scope', 'ours-thread'),
          queued('Web Locks', 'web-locks'),
          queued('async-mutex', 'async-mutex'),
          queued('async-lock', 'async-lock'),
          queued('navigator.locks', 'navigator.locks'),
        ],
        goals: n === 1 ? [] : [relativeToRow(1.5, 'queued-1', 'with 1 queued', NS)],
        plot: { title: 'Cost of a hand-over, ns', along: 'queued async calls', x: n },
      }
    }),
    ...PROCESSES.map((n): Row => {
      const contestants = contending(n)
      return {
        id: `processes-${n}`,
        work: `${n} process${n === 1 ? '' : 'es'} contending`,
        unit: MILLIONS,
        ours: contestants.node('ours', 'ours'),
        others: [
          contestants.c(C_MUTEX, 'mutex'),
          contestants.python(CPYTHON, 'lock'),
          contestants.node('fs-native-extensions', 'fs-native-extensions'),
        ],
        goals: [],
        plot: { title: 'Acquisitions, M/s', along: 'processes', x: n },
      }
    }),
    {
      id: 'import',
      work: 'import in a fresh process',
      unit: MS,
      ours: start('ours', 'import'),
      others: [
        start('async-mutex', 'async-mutex'),
        start('async-lock', 'async-lock'),
        start('proper-lockfile', 'proper-lockfile'),
        start('fs-native-extensions', 'fs-native-extensions'),
        start('lmdb', 'lmdb'),
      ],
      goals: [],
    },
    {
      id: 'first-lock',
      work: 'import and the first named lock opened',
      unit: MS,
      ours: start('ours', 'open'),
      others: [start('lmdb', 'lmdb-open')],
      goals: [],
    },
    {
      id: 'memory-object',
      work: 'memory per lock',
      unit: BYTES,
      ours: memory('ours', 'object-process'),
      others: [
        memory('ours, thread scope', 'object-thread'),
        memory('async-mutex', 'object-async-mutex'),
        memory('async-lock', 'object-async-lock'),
      ],
      goals: [],
    },
    {
      id: 'memory-waiter',
      work: 'memory per async call that waits',
      unit: BYTES,
      ours: memory('ours', 'waiter-process'),
      others: [
        memory('ours, thread scope', 'waiter-thread'),
        memory('async-mutex', 'waiter-async-mutex'),
        memory('async-lock', 'waiter-async-lock'),
      ],
      goals: [],
    },
  ]
}
