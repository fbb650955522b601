import type { Agent, Code } from './code/agent.ts'
import type { Memory } from './memory.ts'
import type { Faults, Model, Monitor, View } from './model.ts'

/** An algorithm over shared words, and what its threads do with it. */
export interface Algorithm<T = Memory> {
  /** How many shared words (int32) there are; all are zero at first. */
  readonly words: number
  /** Makes what a thread works with, anew for each thread; if left out, that is the memory itself. */
  readonly open?: (memory: Memory) => T
  /** One to eight threads, each given by what it does: a function, or `tasks(...)`. */
  readonly threads: readonly (ThreadCode<T> | Tasks<T>)[]
  /** How many threads may be inside at once, from `enter` to `leave`; default 1. */
  readonly inside?: number
  /**
   * Called when no thread can go on any more; says what is wrong, if anything is. It may only read the words.
   */
  readonly atRest?: (words: Words) => string | undefined
  /** Says whether a thread may sleep though nobody will wake it; by default none may. */
  readonly maySleep?: (words: Words, thread: number) => boolean
  /** Names of the words, for timelines. */
  readonly names?: readonly string[]
  /** Writes a value of a word as timelines show it. */
  readonly show?: (word: number, value: number) => string
  /** @internal set by `overAtomics` */
  readonly surroundings?: Surroundings
}

/** @internal what is set up while an algorithm is explored */
export interface Surroundings {
  /** Replaces globals; returns a function that puts them back. */
  readonly install: () => () => void
  /** True if no sleep ends because a thread died. */
  readonly isDeaf: true
}

/** A thread that blocks. It may depend on nothing but what its memory answers. */
export type ThreadCode<T> = (it: T, thread: Thread) => void

/** The shared words, to read. */
export type Words = Pick<Memory, 'load' | 'isDead'>

/** The tools that a thread gets beside the object it works with. */
export interface Thread {
  /** The thread's number, from 0. */
  readonly number: number
  readonly memory: Memory
  /** From here on the thread is inside; if more threads are inside than may be, a law is broken. */
  readonly enter: () => void
  readonly leave: () => void
  /** Calls something that may time out, at any moment; outside such calls, time stands still. */
  readonly timed: <R>(call: () => R) => R
}

/** A thread that is an event loop: `tasks()` of @ipc/explorer/event-loops makes it. */
export interface Tasks<T> {
  readonly tasks: readonly TaskCode<T>[]
}

/** One of several asynchronous calls of a thread. */
export type TaskCode<T> = (it: T, thread: TaskThread) => Promise<void>

export interface TaskThread extends Thread {
  /** A signal that may be aborted at any moment. */
  readonly signal: () => AbortSignal
  /** Lets other events happen first, or not. */
  readonly turn: () => Promise<void>
}

/**
 * Makes a loop's code from a function that opens its object and one that gives its tasks their tools.
 */
type CodeOfLoop<T> = (open: (agent: Agent) => T, threadOf: (agent: Agent) => Thread) => Code

// This module knows nothing of event loops: the module that makes `Tasks` says how they are executed.
const loops = new WeakMap<object, CodeOfLoop<never>>()

/** @internal */
export function makeTasks<T>(tasks: readonly TaskCode<T>[], code: CodeOfLoop<T>): Tasks<T> {
  const made = { tasks }
  loops.set(made, code)
  return made
}

const MOST_THREADS = 8
const MOST_WORDS = 4096

const ENTERED = 1
const LEAVES = 2

/** @throws TypeError or RangeError for an algorithm that cannot be explored */
export function modelOf<T>(algorithm: Algorithm<T>, faults: Faults): Model {
  const { words, threads, surroundings } = algorithm
  if (!Number.isInteger(words) || words < 1 || words > MOST_WORDS) {
    throw new RangeError(`words must be an integer from 1 to ${MOST_WORDS}: ${String(words)}`)
  }
  if (!Array.isArray(threads)) throw new TypeError(`threads must be a list: ${typeof threads}`)
  if (threads.length < 1 || threads.length > MOST_THREADS) {
    throw new RangeError(`there must be 1 to ${MOST_THREADS} threads: ${threads.length}`)
  }
  if (surroundings !== undefined && faults.spurious > 0) {
    const why = 'over Atomics, whose wait() ends for a reason only'
    throw new RangeError(`spurious must be 0 ${why}: ${faults.spurious}`)
  }
  // A function that two threads share is one piece of code: what the explorer knows of it holds for both.
  const distinct = [...new Set(threads as Algorithm<T>['threads'])]
  const names = namesOf(distinct)
  const segments = distinct.map((thread, i) => ({
    name: names[i]!,
    code: codeOf(algorithm, thread),
  }))
  return {
    name: 'algorithm',
    words,
    agents: algorithm.threads.map((thread) => [segments[distinct.indexOf(thread)]!]),
    ...(surroundings?.isDeaf === true ? { robust: [] } : {}),
    faults,
    monitor: monitorOf(algorithm),
  }
}

/** The names of the functions; those that would be alike get a number. */
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
    if (algorithm.open === undefined) return agent.memory as unknown as T
    const it = algorithm.open(agent.memory)
    const isNamed = typeof it === 'object' && it !== null && !(it instanceof Int32Array)
    return isNamed ? (agent.named(it) as T) : it
  }
  // The value that a function returns is handed on, so that asynchronous code is refused.
  if (typeof thread === 'function') return (agent) => thread(open(agent), threadOf(agent))
  const codeOfLoop = loops.get(thread) as CodeOfLoop<T> | undefined
  if (codeOfLoop !== undefined) return codeOfLoop(open, threadOf)
  throw new TypeError(`a thread must be a function, or made by tasks(): ${typeof thread}`)
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

/** The monitor's words say how many times each thread is inside. */
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

/** A dead thread is not inside. */
function whoIsInside(view: View): number[] {
  const all: number[] = []
  for (let agent = 0; agent < view.agents; agent++) {
    if (view.isDead(agent)) continue
    for (let i = 0; i < view.get(agent); i++) all.push(agent)
  }
  return all
}
