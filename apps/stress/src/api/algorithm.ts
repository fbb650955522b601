import type { Memory } from '@ipc/core'
import type { Agent, Code } from '../explore/agent.ts'
import { eventLoop, type Loop } from '../explore/event-loop.ts'
import type { Monitor, View } from '../explore/model.ts'
import type { Subject } from '../explore/subjects/subject.ts'

/** An algorithm over shared words, and what its threads do with it. */
export interface Algorithm<T = Memory> {
  /** How many shared words, all zero at first. */
  readonly words: number
  /** Makes what a thread works with, anew for each; the memory itself if left out. */
  readonly open?: (memory: Memory) => T
  /** What each thread does: a function, or `tasks(...)`. One to eight. */
  readonly threads: readonly (ThreadCode<T> | Tasks<T>)[]
  /** At most so many are inside at once, from `enter` to `leave`; default 1. */
  readonly inside?: number
  /** When nobody can go on any more: what is wrong, if anything is. Looks at the words only. */
  readonly atRest?: (words: Words) => string | undefined
  /** Whether a thread may sleep though nobody will wake it; by default none may. */
  readonly maySleep?: (words: Words, thread: number) => boolean
  /** Names of the words, for timelines. */
  readonly names?: readonly string[]
  /** A value of a word, for timelines. */
  readonly show?: (word: number, value: number) => string
}

/** A thread that blocks. It may depend on nothing but what its memory answers. */
export type ThreadCode<T> = (it: T, thread: Thread) => void

/** The shared words, to look at. */
export type Words = Pick<Memory, 'load' | 'isDead'>

/** What a thread has beside its algorithm. */
export interface Thread {
  /** From 0. */
  readonly number: number
  readonly memory: Memory
  /** It is inside now: too many at once are a violation. */
  enter(): void
  leave(): void
  /** Calls what may time out, at any moment: elsewhere time stands still. */
  timed<R>(call: () => R): R
}

/** One of several asynchronous calls of a thread. */
export type TaskCode<T> = (it: T, thread: Thread & Pick<Loop, 'signal' | 'turn'>) => Promise<void>

/** A thread that is an event loop. */
export interface Tasks<T> {
  readonly tasks: readonly TaskCode<T>[]
}

/**
 * A thread that is an event loop: it begins with the first task, and the others begin, in order, at
 * any moment later. Each has `signal()`, which may be aborted at any moment, and `turn()`, which lets
 * other events happen first.
 */
export function tasks<T>(...all: readonly TaskCode<T>[]): Tasks<T> {
  return { tasks: all }
}

const MOST_THREADS = 8

const ENTERED = 1
const LEAVES = 2

interface AlgorithmSubject extends Subject {
  /** The segment of each thread. */
  readonly threads: readonly string[]
}

export function subjectOf<T>(algorithm: Algorithm<T>): AlgorithmSubject {
  const { words, threads } = algorithm
  if (!Number.isInteger(words) || words < 1 || words > 4096) {
    throw new RangeError(`words must be an integer from 1 to 4096: ${String(words)}`)
  }
  if (threads.length < 1 || threads.length > MOST_THREADS) {
    throw new RangeError(`there must be 1 to ${MOST_THREADS} threads: ${threads.length}`)
  }
  // The same function is the same code, which is then known already.
  const distinct = [...new Set(threads)]
  const names = namesOf(distinct)
  return {
    name: 'algorithm',
    words,
    monitor: monitorOf(algorithm),
    segments: distinct.map((thread, i) => ({ name: names[i]!, code: codeOf(algorithm, thread) })),
    threads: threads.map((thread) => names[distinct.indexOf(thread)]!),
  }
}

/** Those of the functions, made distinct. */
function namesOf<T>(threads: readonly (ThreadCode<T> | Tasks<T>)[]): string[] {
  const names: string[] = []
  for (const thread of threads) {
    const name = typeof thread === 'function' ? thread.name || 'thread' : 'tasks'
    names.push(names.includes(name) ? `${name}${names.length}` : name)
  }
  return names
}

function codeOf<T>(algorithm: Algorithm<T>, thread: ThreadCode<T> | Tasks<T>): Code {
  const open = (agent: Agent): T => {
    const it = algorithm.open?.(agent.memory) ?? (agent.memory as unknown as T)
    return algorithm.open !== undefined && typeof it === 'object' && it !== null
      ? agent.named(it)
      : it
  }
  if (typeof thread === 'function') {
    // What it returns is handed on, so that asynchronous code is refused.
    return (agent) => thread(open(agent), threadOf(agent))
  }
  return eventLoop(
    thread.tasks.map(
      (task) => (loop) =>
        task(loop.agent.once(open), {
          ...threadOf(loop.agent),
          signal: () => loop.signal(),
          turn: () => loop.turn(),
        }),
    ),
  )
}

function threadOf(agent: Agent): Thread {
  return {
    number: agent.number,
    memory: agent.memory,
    enter: () => agent.did(ENTERED),
    leave: () => agent.begins(LEAVES),
    timed: (call) => agent.timed(call),
  }
}

/** The monitor's words: how many times each thread is inside. */
function monitorOf<T>(algorithm: Algorithm<T>): Monitor {
  const { threads, inside = 1, atRest, maySleep, names, show } = algorithm
  return {
    words: threads.length,
    tell(view, agent, code) {
      if (code === LEAVES) {
        if (view.get(agent) === 0) return `T${agent} leaves, and was not inside`
        view.set(agent, view.get(agent) - 1)
        return undefined
      }
      view.set(agent, view.get(agent) + 1)
      const all = whoIsInside(view)
      if (all.length <= inside) return undefined
      return `${all.map((one) => `T${one}`).join(' and ')} are inside at once, at most ${inside} may be`
    },
    ...(atRest === undefined ? {} : { atRest: (view: View) => atRest(view.shared) }),
    ...(maySleep === undefined
      ? {}
      : { maySleep: (view: View, agent: number) => maySleep(view.shared, agent) }),
    ...(names === undefined ? {} : { wordNames: names }),
    ...(show === undefined ? {} : { show }),
  }
}

/** The dead are not. */
function whoIsInside(view: View): number[] {
  const all: number[] = []
  for (let agent = 0; agent < view.agents; agent++) {
    if (view.isDead(agent)) continue
    for (let i = 0; i < view.get(agent); i++) all.push(agent)
  }
  return all
}
