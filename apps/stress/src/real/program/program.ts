/**
 * A program says what is done and with which objects: it is plain data, so that it can be sent, printed and
 * replayed.
 */
export interface Program {
  readonly scope: 'thread' | 'process'
  readonly objects: readonly ObjectSpec[]
  readonly agents: readonly AgentSpec[]
  readonly faults: readonly Fault[]
}

/**
 * `own` is an object of its own, passed on by its handle; `named` is opened by name by everyone; `inside` is
 * some words of a larger memory.
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

/** A condition comes with its lock and with a number of items to take. */
export interface ConditionSpec {
  readonly kind: 'condition'
  readonly placed: Placement
  readonly over: 'lock' | 'rlock'
}

/** A thread of this process, or another process. */
export interface AgentSpec {
  readonly runs: 'worker' | 'process'
  /** How often the agent does its operations. */
  readonly rounds: number
  /**
   * The lists of operations that it does at the same time: a single list may block, several are asynchronous.
   */
  readonly tracks: readonly (readonly Operation[])[]
}

/** How a wait is done: in one of the four forms of the library, by trying once, or with an abort. */
export type How = 'block' | 'try' | 'tryFor' | 'async' | 'tryAsync' | 'abort'

export interface Form {
  readonly how: How
  /** The time-out of `tryFor` and `tryAsync`, or the time after which `abort` aborts. */
  readonly ms: number
}

/** The work inside a critical section, between the increments of the two words of the counter. */
export type Work = 'nothing' | 'spin' | 'nap' | 'yield'

/** The side of an RWLock; for all other locks it is `writer`. */
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
  /** Acquires an RLock, or a share of an RWLock, `times` times: the inner ones are acquired at once. */
  | (Hold<'nest'> & { readonly times: number })
  | (Hold<'read'> & { readonly times: number })
  | Hold<'write'>
  /** Waits at a barrier. */
  | { readonly do: 'meet'; readonly object: number; readonly form: Form }
  | { readonly do: 'abort' | 'reset'; readonly object: number }
  /**
   * Adds items and notifies as many waiters, or all if there are three items; the form is that of acquiring
   * the lock.
   */
  | (Hold<'produce'> & { readonly count: number })
  /** Waits for an item, and takes it; the form is that of the wait. */
  | Hold<'consume'>
  /** Releases something that it does not hold, which is refused. */
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
  /** The agent's first track does it before its operation of this number (from 0). */
  readonly step: number
  /** If true, it does it inside the first critical section from there on. */
  readonly inside: boolean
}

export interface FaultAtMoment {
  readonly what: 'kill'
  readonly agent: number
  readonly afterMs: number
}

/**
 * `stop` is SIGSTOP, and SIGCONT after `forMs`; `storm` sends signals in bursts for that long, which the
 * agent handles, so that they interrupt all its waits. Only processes have these faults.
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
/** One track does at most this many operations, over all rounds. */
export const MAX_STEPS = 160
/** At most this many calls of one track are recorded, over all rounds. */
export const MAX_CALLS = 400

export function isAsync({ how }: Form): boolean {
  return how === 'async' || how === 'tryAsync' || how === 'abort'
}

/** Whether the wait never gives up by itself. */
export function isPatient({ how }: Form): boolean {
  return how === 'block' || how === 'async'
}

/** A consumer waits again if others have taken its item; that is rare, so we count on this many waits. */
const SOME_WAITS = 4

/** How many calls an operation makes if nothing ends it. */
export function callsOf(operation: Operation): number {
  if (operation.do === 'nest') return 2 * operation.times
  if (operation.do === 'read') return 2 * operation.times + 1
  if (operation.do === 'consume') return 2 + SOME_WAITS
  if (operation.do === 'produce') return 3
  return operation.do === 'hold' || operation.do === 'write' || operation.do === 'pulse' ? 2 : 1
}
