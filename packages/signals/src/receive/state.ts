import { thread } from '@ipc/native'
import type { Installation } from './context.ts'
import type { SignalHandler, SignalInfo } from '../names/info.ts'
import { bit } from '../names/numbers.ts'

/** The default action of the kernel. */
export const SIG_DFL: unique symbol = Symbol.for('@ipc/signals.SIG_DFL')
/** The kernel throws the signal away. */
export const SIG_IGN: unique symbol = Symbol.for('@ipc/signals.SIG_IGN')
/** Node has the signal: its own handler, or the listeners of `process.on`. */
export const SIG_NODE: unique symbol = Symbol.for('@ipc/signals.SIG_NODE')

export type Disposition = SignalHandler | typeof SIG_DFL | typeof SIG_IGN | typeof SIG_NODE

/** Somebody who takes the next delivery of one of these; no handler is called for that one. */
export interface Waiter {
  readonly numbers: ReadonlySet<number>
  take(info: SignalInfo): void
}

/** Somebody who hears of every delivery of these, beside the handler. */
export interface Listener {
  readonly numbers: ReadonlySet<number>
  hear(info: SignalInfo): void
}

/** The state that a delivery finds. There is one per process, however many copies of this module it loads,
 * in however many realms (vm contexts, the test files of a runner): dispositions are the process's, and
 * the deliveries that the kernel has made can be read only once. */
export interface State {
  /** The dispositions that `signal` was given; a signal that has none here has SIG_NODE. */
  readonly ours: Map<number, SignalHandler | typeof SIG_DFL | typeof SIG_IGN>
  /** Where its handlers were installed. */
  readonly installations: Map<number, Installation>
  /**
   * Signals that were given SIG_DFL or SIG_IGN by us, and then a listener by `process.on`: Node has them
   * until its last listener goes.
   */
  readonly overruled: Set<number>
  readonly waiters: Set<Waiter>
  readonly listeners: Set<Listener>
  /** The info of the first handler that has run since a `pause` began; one may pause inside another. */
  handled: SignalInfo | null
  /** Called after a handler has run: `pauseAsync`. */
  readonly pausing: Set<(info: SignalInfo) => void>
  /** Deliveries that were held; they come before those that arrive. */
  readonly queue: Delivery[]
  /** Deliveries of blocked signals; each was taken for a waiter that was gone by then. */
  readonly held: Delivery[]
  /** The signals that `sigmask` blocks. */
  blocked: bigint
  receiver: Receiver | null
}

export interface Delivery {
  readonly info: SignalInfo
  /** Node's listeners have heard of it. */
  readonly chained: boolean
  /** It came while it was blocked, so Node's listeners are to hear of it when the handler does. */
  readonly held?: boolean
}

/** The action that the kernel is to take for a signal. `node`: the one that Node had. */
export type Want = 'caught' | 'default' | 'ignored' | 'node'

/** The source of signals: the kernel or, where there is no addon, Node. */
export interface Receiver {
  /** `listened`: Node has listeners, or is about to. */
  apply(number: number, want: Want, listened: boolean): void
  /** The disposition that Node has, whether it is in force or not. */
  nodeDisposition(number: number): typeof SIG_DFL | typeof SIG_IGN | typeof SIG_NODE
  /** The event loop calls it before it asks for what has come: later signals may wake it again. */
  rearm(): void
  /** Whether the kernel still does with it what it was told; other code may have changed that. */
  isInForce(number: number): boolean
  /** Tells Node's listeners of a signal that was held. */
  chain(number: number): void
  /** Takes the delivery that arrived first. */
  next(): Delivery | undefined
  /** How many have arrived that `next` has not taken. */
  unread(): number
  /** Which signals they are. */
  unreadSet(): bigint
  /** Changes with every arrival. */
  sequence(): number
  /** Sends it again, to the disposition that the kernel has now. */
  resend(number: number): void
  /** Blocks signals, in the kernel if it can hold them for all threads. */
  mask(block: bigint, unblock: bigint): void
}

const SHARED = Symbol.for('@ipc/signals@1')

function fresh(): State {
  return {
    ours: new Map(),
    installations: new Map(),
    overruled: new Set(),
    waiters: new Set(),
    listeners: new Set(),
    handled: null,
    pausing: new Set(),
    queue: [],
    held: [],
    blocked: 0n,
    receiver: null,
  }
}

/** Until signals are first asked for, this copy has a state of its own, with nothing in it. */
export let state: State = fresh()

/** Makes it the state of the process: the copy that uses signals first gives its own. */
export function shareState(): void {
  state = (thread[SHARED] ??= state) as State
}

/** For a copy that only asks: adopts the state of the process, as another realm may use signals. */
export function adoptState(): void {
  state = (thread[SHARED] ?? state) as State
}

/** Whether `sigmask` blocks it. */
export function isBlocked(number: number): boolean {
  return state.blocked !== 0n && (state.blocked & bit(number)) !== 0n
}

/** Whether somebody waits for the signal, or listens to it. */
export function isAwaited(number: number): boolean {
  for (const waiter of state.waiters) if (waiter.numbers.has(number)) return true
  for (const listener of state.listeners) if (listener.numbers.has(number)) return true
  return false
}

export function isWaitedFor(number: number): boolean {
  for (const waiter of state.waiters) if (waiter.numbers.has(number)) return true
  return false
}
