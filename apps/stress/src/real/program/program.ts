/** What a program does and with what: plain data, so that it can be sent, printed and replayed. */
export interface Program {
  readonly scope: 'thread' | 'process'
  readonly objects: readonly ObjectSpec[]
  readonly agents: readonly AgentSpec[]
  readonly faults: readonly Fault[]
}

/**
 * `own`: an object of its own, passed on by its handle. `named`: opened by name by everyone.
 * `inside`: some words of a larger memory.
 */
export type Placement = 'own' | 'named' | 'inside'

export type ObjectSpec = LockSpec | SemaphoreSpec | EventSpec | BarrierSpec | ConditionSpec

export interface LockSpec {
  readonly kind: 'lock' | 'rlock' | 'rwlock'
  readonly placed: Placement
}

export interface SemaphoreSpec {
  readonly kind: 'semaphore'
  readonly placed: Placement
  readonly value: number
  readonly bounded: boolean
  readonly undo: boolean
}

export interface EventSpec {
  readonly kind: 'event'
  readonly placed: Placement
}

export interface BarrierSpec {
  readonly kind: 'barrier'
  readonly placed: Placement
  readonly parties: number
}

/** With its lock, and how many items there are to take. */
export interface ConditionSpec {
  readonly kind: 'condition'
  readonly placed: Placement
  readonly over: 'lock' | 'rlock'
}

/** A thread of this process, or another process. */
export interface AgentSpec {
  readonly runs: 'worker' | 'process'
  /** How often it does its operations. */
  readonly rounds: number
  /** What it does at once, each a list: one list may block, several are asynchronous. */
  readonly tracks: readonly (readonly Operation[])[]
}

/** How a wait is done: the four forms of the library, trying once, and aborting. */
export type How = 'block' | 'try' | 'tryFor' | 'async' | 'tryAsync' | 'abort'

export interface Form {
  readonly how: How
  /** The time-out of `tryFor` and `tryAsync`; when `abort` aborts. */
  readonly ms: number
}

/** What is done inside a critical section, between the two words of the counter. */
export type Work = 'nothing' | 'spin' | 'nap' | 'yield'

/** Of an RWLock; the writer's of other locks. */
export type Side = 'reader' | 'writer'

/** Takes it, does something inside, and gives it back. */
export interface Hold<Do = 'hold'> {
  readonly do: Do
  readonly object: number
  readonly form: Form
  readonly work: Work
}

export type Operation =
  | Hold
  /** An RLock so many times, or a share of an RWLock: the inner ones are had at once. */
  | (Hold<'nest'> & { readonly times: number })
  | (Hold<'read'> & { readonly times: number })
  | Hold<'write'>
  /** Waits at a barrier. */
  | { readonly do: 'meet'; readonly object: number; readonly form: Form }
  | { readonly do: 'abort' | 'reset'; readonly object: number }
  /** Adds items and notifies as many who wait, or all if there are three; the form is of the lock. */
  | (Hold<'produce'> & { readonly count: number })
  /** Waits for an item, and takes it; the form is of the wait. */
  | Hold<'consume'>
  /** Releases what it does not have, which is refused. */
  | { readonly do: 'trespass'; readonly object: number; readonly side: Side }
  | { readonly do: 'take'; readonly object: number; readonly form: Form }
  | { readonly do: 'give'; readonly object: number; readonly count: number }
  | { readonly do: 'set' | 'clear' | 'pulse'; readonly object: number }
  | { readonly do: 'look'; readonly object: number }
  | { readonly do: 'wait'; readonly object: number; readonly form: Form }

/** `kill` is SIGKILL for a process and `terminate()` for a worker; `exit` is `process.exit()`. */
export type Fault = FaultAtStep | FaultAtMoment | Disturbance

export interface FaultAtStep {
  readonly what: 'kill' | 'exit'
  readonly agent: number
  /** Of the agent's first track: before its operation of this number (from 0). */
  readonly step: number
  /** Or inside the first critical section from there on. */
  readonly inside: boolean
}

export interface FaultAtMoment {
  readonly what: 'kill'
  readonly agent: number
  readonly afterMs: number
}

/**
 * `stop` is SIGSTOP, and SIGCONT some time later; `storm` signals in bursts for so long, which the
 * agent handles, so that they interrupt all its waits. Processes only.
 */
export interface Disturbance {
  readonly what: 'stop' | 'storm'
  readonly agent: number
  readonly afterMs: number
  readonly forMs: number
}

export const MAX_AGENTS = 16
export const MAX_TRACKS = 4
export const MAX_OBJECTS = 4
/** Operations of one track, over all rounds. */
export const MAX_STEPS = 160
/** Calls of one track that are recorded, over all rounds. */
export const MAX_CALLS = 400

export function isAsync({ how }: Form): boolean {
  return how === 'async' || how === 'tryAsync' || how === 'abort'
}

/** Whether it never gives up by itself. */
export function isPatient({ how }: Form): boolean {
  return how === 'block' || how === 'async'
}

/** That others have taken what was notified is rare. */
const SOME_WAITS = 4

/** How many calls an operation makes, if nothing ends it. */
export function callsOf(operation: Operation): number {
  if (operation.do === 'nest') return 2 * operation.times
  if (operation.do === 'read') return 2 * operation.times + 1
  if (operation.do === 'consume') return 2 + SOME_WAITS
  if (operation.do === 'produce') return 3
  return operation.do === 'hold' || operation.do === 'write' || operation.do === 'pulse' ? 2 : 1
}
