import type { ParkResult } from '../memory.ts'

/** The operations that an agent can ask of a simulated memory; each is one step of its thread. */
export const Op = {
  LOAD: 0,
  STORE: 1,
  COMPARE_EXCHANGE: 2,
  EXCHANGE: 3,
  ADD: 4,
  SUB: 5,
  AND: 6,
  OR: 7,
  XOR: 8,
  IS_DEAD: 9,
  ARM: 10,
  PARK: 11,
  UNPARK: 12,
  /** Only inside a wait that may time out; otherwise time stands still. */
  NOW: 13,
  /** A sleep that does not block; `Tickets` has it. */
  PARK_ASYNC: 14,
  CANCEL: 15,
  /** An event loop waits for its next event. */
  IDLE: 16,
  /** A sleep on several words at once, as by futex_waitv(2); `sleeps.ts` has the lists of words. */
  SLEEP_ON: 17,
  /** The sleeper was woken on one of them, and stands in the queues of the others until it runs. */
  UNQUEUE: 18,
  /**
   * The last thing that a thread does. It ends, and the kernel treats its robust futexes as on a death; or,
   * with a value of 1, it lives on and does nothing more.
   */
  EXIT: 19,
  /** Blocks until a word of its process is `value`, and makes it `other`: a mutex, or a doorbell. */
  AWAIT: 20,
  /** The end of a segment. */
  END: 21,
  /** The segment threw. */
  FAILED: 22,
  /** The segment begins again, and remembers only what stands in words. */
  AGAIN: 23,
} as const

export type OpKind = (typeof Op)[keyof typeof Op]

/** Whether an operation's index is that of a shared word. */
export function usesWord(kind: OpKind): boolean {
  return (
    kind <= Op.XOR ||
    kind === Op.PARK ||
    kind === Op.UNPARK ||
    kind === Op.PARK_ASYNC ||
    kind === Op.AWAIT
  )
}

/**
 * The count that makes `unpark` wake every sleeper of the word; it is the number that `ALL` of @ipc/core is.
 */
export const ALL = 0x7fffffff

/** An operation with its operands; what they mean depends on the kind. */
export interface Operation {
  readonly kind: OpKind
  /** The word, the agent of IS_DEAD, or the list of SLEEP_ON and UNQUEUE. */
  readonly index: number
  /**
   * The operand, the expected value, how many to wake, when a SLEEP_ON ends by itself, or the words that
   * UNQUEUE was woken on, with a bit for each.
   */
  readonly value: number
  /** The new value of a compareExchange, the watch of a park. */
  readonly other: number
}

/** The answers of a park. */
export const RESULTS: readonly ParkResult[] = ['woken', 'changed', 'death', 'timed-out']
export const WOKEN = 0
export const CHANGED = 1
export const DEATH = 2
export const TIMED_OUT = 3

/** The answers of a sleep on several words, other than the number of the word that was woken. */
export const SLEEP_CHANGED = 32
export const SLEPT_OUT = 33
/** The answer of UNQUEUE when no other word was woken meanwhile; otherwise it is that word's number. */
export const RUNS = 34

/**
 * When a sleep on several words ends by itself, if it surely does: at any moment, but at the latest when
 * nobody can take a step; or only when no sleep of that first kind is left either. Other sleeps end by
 * themselves if time plays a part at all.
 */
export const NEVER = 0
export const SOON = 1
export const LATE = 2
export type Ends = typeof NEVER | typeof SOON | typeof LATE

/** The deadlines of all waits that may time out are before it. */
export const LATE_MS = 1_000_000

/** Agent 0 has this id; below it are NOBODY and POISON. */
export const FIRST_ID = 16

/** This value in place of a watch says that no death ends the sleep, as with `Atomics.wait`. */
export const UNWATCHED: number = -1

/** The answer of an asynchronous sleep without a watch if the word is not what was expected. */
export const REFUSED: number = -1

/** An agent may have at most this many asynchronous sleeps at a time. */
export const TICKETS = 4

/** Bits of IDLE's value: what else may happen, beside the end of a sleep. */
export const MAY_START = 1
export const HAS_TIMER = 2
/** All calls are over; those of their sleeps that are left may still end. */
export const IS_DONE = 4

/** The answer of IDLE says which event happens, with its number and result: 64 × event + 8 × n + result. */
export const Event = { TICKET: 0, START: 1, TIMER: 2, ABORT: 3 } as const
