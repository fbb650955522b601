import type { NoteId } from '../agents/notes.ts'

/**
 * A user of shared memory: one JavaScript thread of one process. 30 bits, never 0; a later thread never
 * gets the id of an earlier one that shared words may still name.
 */
export type AgentId = number

/** In words that name an agent, the bits that do; the two above are free for flags. */
export const AGENT_MASK = 0x3fffffff

/** No agent. */
export const NOBODY: AgentId = 0

/** An id that is nobody's, and never dead: in the words of an object whose file was removed by force. */
export const POISON: AgentId = 1

/** The state that `arm` saw; `park` returns at once when it is no longer so. */
export type Watch = number

/**
 * Why a sleep ended. Only `timed-out` says anything certain (the deadline has passed): a sleep may
 * end for no reason, so the caller looks at its words again after each of them.
 */
export type ParkResult = 'woken' | 'changed' | 'death' | 'timed-out' | 'interrupted'

/** Called when an asynchronous sleep ends. `changed` if that may be for no reason. */
export type Wake = (result: ParkResult) => void

/** An asynchronous sleep. */
export interface Ticket {
  /**
   * Ends it without calling back. False if that cannot be done: then it calls back some time, and
   * the wake that it may have consumed is the caller's to pass on.
   */
  cancel(): boolean
}

/**
 * Shared words, and sleep. Primitives touch shared words, and learn of death, only through this
 * interface; the explorer puts a simulated one in its place.
 *
 * Words are int32 and sequentially consistent; the read-modify-write operations return the old value. Every
 * sleep is a loop: `arm`, *then* examine the words, then `park`. If somebody dies, or comes to share the
 * memory, after `arm`, that ends the sleep.
 */
export interface Memory {
  load(index: number): number
  store(index: number, value: number): void
  /** Stores `value` if the word is `expected`; returns what it was. */
  compareExchange(index: number, expected: number, value: number): number
  exchange(index: number, value: number): number
  add(index: number, value: number): number
  sub(index: number, value: number): number
  and(index: number, value: number): number
  or(index: number, value: number): number

  /**
   * A plain read of a word that only the holder of a mutex in the same memory writes: the mutex orders
   * it. Several times cheaper than `load`.
   */
  get(index: number): number
  /** A plain write of such a word. */
  set(index: number, value: number): void

  /** The calling agent. */
  readonly self: AgentId
  /** True only if the agent is gone forever; where deaths cannot be seen, always false. */
  isDead(agent: AgentId): boolean

  /** Starts watching everybody who shares this memory. Throws when its name is gone. */
  arm(): Watch
  /** Blocks while the word is `expected`, until `deadline` (of `now()`) at the latest. */
  park(index: number, expected: number, deadline: number, watch: Watch): ParkResult
  /**
   * Parks without blocking: calls `wake` once, never before `parkAsync` has returned. `hasLooked`: the last
   * sleep in this very state ended for no reason, so this one may be long.
   */
  parkAsync(index: number, expected: number, watch: Watch, wake: Wake, hasLooked?: boolean): Ticket
  /** Wakes up to `count` sleepers of a word; returns how many. */
  unpark(index: number, count: number): number
  /** Monotonic milliseconds. */
  now(): number
  /**
   * Whether people live through its waits, and may want to hear of long ones. A simulated memory says
   * false: its calls may be left in the middle, so they do not keep the event loop alive. A memory that
   * wraps another one says what that one says.
   */
  readonly isReal?: boolean
  /** False where nobody can be seen to die: then `isDead` is always false. */
  readonly seesDeaths?: boolean

  /**
   * To be called after a `park` that ended by a death, once the words were examined: tells the others who
   * must look. (The kernel wakes one sleeper per death. That one takes what it can first: if the others
   * were told before, they would want the processors that it needs for that.) A caller that parks again has
   * told them, too.
   */
  passOnDeaths?(): void

  /** Describes an agent for people; null where nobody knows it. */
  describe?(agent: AgentId): AgentInfo | null
  /** Says, for people, that the calling agent waits; `blocked`: as a thread. */
  noteWait?(index: number, blocked: boolean): NoteId
  /** Says that what it waited for is over. */
  endNote?(note: NoteId): void
}

/** The agent that a word names, described for people. */
export interface AgentInfo {
  /** 0: nobody knows any more, because another agent has its place. */
  readonly pid: number
  /** The same number as `worker_threads.threadId`; 0 is the main thread. */
  readonly threadId: number
  readonly alive: boolean
  /**
   * Only there if it is so: the pid is a number in another pid namespace (another container), and names
   * another process here, or none.
   */
  readonly foreign?: true
}

/** `unpark(index, ALL)` wakes every sleeper of the word. */
export const ALL = 0x7fffffff
