/**
 * The table of Web Locks: every request of every client, in the words of one file, under one mutex.
 *
 * Only the OWNER word of an entry is true, with what was stored before it: SEQ, RESOURCE, CLIENT, GRANT,
 * TOLD, and the resource's HASH, LENGTH and chunks. The AGENT words of the clients are true, too. Lists,
 * buckets, free lists and inboxes are derived from these, and `repair` makes them anew when an agent
 * died while it was inside the mutex.
 *
 *   | OWNER                  | the entry                      | list | who leaves the state                  |
 *   |------------------------|--------------------------------|------|---------------------------------------|
 *   | 0                      | is free                        | FREE | a request → agent, or agent + HELD    |
 *   | agent (+ SHARED)       | waits                          | WAIT | a grant by anyone inside → + HELD;    |
 *   |                        |                                |      | an abort by its owner → 0             |
 *   | agent + HELD (+ SHARED)| holds the lock                 | HELD | a release by its owner → 0;           |
 *   |                        |                                |      | a steal by anyone → 0                 |
 *   | dead (+ SHARED)        | waits in vain                  | WAIT | anyone inside who meets it → 0        |
 *   | dead + HELD + SHARED   | keeps a share for nobody       | HELD | a sweep by anyone → 0                 |
 *   | dead + HELD            | an exclusive holder died       | HELD | a sweep or a steal → TOMBSTONE        |
 *   | TOMBSTONE              | as above, seen by someone; DEAD| HELD | the next grant → 0, after that one    |
 *   |                        | says who died                  |      | was TOLD; or room is needed → 0       |
 *
 * WAIT is in the order of SEQ, HELD in the order of GRANT. Both numbers come from one counter, which only
 * grows, so (entry, SEQ) names a request forever: an owner that finds another SEQ or OWNER there was
 * robbed, and a slot can be used again at once.
 *
 *   | BELL   | its client                                | who leaves the state                          |
 *   |--------|-------------------------------------------|-----------------------------------------------|
 *   | 2n     | is awake, or waits for nothing            | it announces a sleep → 2n + 1; a ring → 2n + 2|
 *   | 2n + 1 | sleeps, or is about to                    | it wakes → 2n; a ring → 2n + 3, and a wake    |
 *   |        |                                           | when the mutex is free again                  |
 *
 * The sleeping bit is harmless if set without cause. A client sets it, *then* checks its INBOX, and
 * sleeps only while BELL has the value that it stored; so the client sees a grant, or the grant changes
 * BELL.
 *
 * INBOX is 0, the first of the client's entries that others granted, or ALL: the client must examine
 * everything. Only the holder of the mutex touches it, and a client empties its own before it does
 * anything else inside, because an entry that leaves the table may be in the inbox of another client at
 * once:
 *
 *   T1's inbox: A → B | T1 aborts A; T2 gets the slot of A and is granted: its inbox is A | B is lost
 *
 * A thief frees entries that it does not own, so it makes the inbox of a robbed client ALL:
 *
 *   T1's inbox: A → B | T2 steals A and reuses its slot, for T3, whose inbox A is in now | B is lost
 *
 * The order of stores, ● being the moment:
 *
 *   request    the resource (chunks, LENGTH, HASH, bucket) · fields of the entry · ● OWNER · list
 *   leave      ● OWNER = 0 · list · then the grants that this allows
 *   grant      GRANT, TOLD · ● OWNER + HELD · TOMBSTONE → 0 · lists · INBOX · BELL
 *   afterwards a resource without entries is freed · the mutex · the wakes
 *
 * A tombstone is freed after the grant that tells of it, or its news would die with the granter:
 *
 *   T1 frees the tombstone and dies | T2 repairs, grants to T3, which knows nothing of the dead holder
 *
 * If T1 dies after the grant, `repair` finds a tombstone beside a holder, which has been told, and frees it.
 * An agent that dies between a ring and its wake wakes the sleeper by its death, as every sleeper watches
 * all who have the file open.
 */
import { AGENT_MASK, NOBODY, type AgentId } from '@ipc/core/author'

/** The kind of its file. */
export const KIND = 'weblocks'

/** In OWNER: the entry holds its lock. */
export const HELD: number = 0x80000000 | 0
/** In OWNER: the entry is in shared mode. */
export const SHARED = 0x40000000
/** An exclusive holder died, and nobody has been told yet. */
export const TOMBSTONE: number = HELD | NOBODY

export const ownerOf = (owner: number): AgentId => owner & AGENT_MASK
export const isHeld = (owner: number): boolean => (owner & HELD) !== 0
export const isShared = (owner: number): boolean => (owner & SHARED) !== 0

/** Words of the header. */
export const MUTEX = 0
export const SEQ_LOW = 4
export const SEQ_HIGH = 5
export const USED_ENTRIES = 6
export const FREE_ENTRIES = 7
export const USED_RESOURCES = 8
export const FREE_RESOURCES = 9
export const USED_CHUNKS = 10
export const FREE_CHUNKS = 11
export const USED_CLIENTS = 12
export const REPAIRS = 13
const HEADER_WORDS = 16

/** Words of a client. THIEF is the agent that robbed it last. */
export const AGENT = 0
export const BELL = 1
export const INBOX = 2
export const THIEF = 3
export const CLIENT_WORDS = 4

/** In INBOX: the client must examine all of its requests. */
export const ALL_OF_THEM = -1

/** Words of a resource, a name that somebody holds or waits for. The lists are pairs of first and last. */
export const HASH = 0
export const LENGTH = 1
export const CHUNK = 2
export const NEXT_RESOURCE = 3
export const HELD_LIST = 4
export const WAIT_LIST = 6
export const RESOURCE_WORDS = 8

/** Words of a chunk: a part of a name, two UTF-16 units in a word. */
export const NEXT_CHUNK = 0
export const UNITS = 1
export const CHUNK_WORDS = 16
export const CHUNK_UNITS = 30

/** Words of an entry: one request. */
export const OWNER = 0
export const SEQ = 1
export const GRANT = 3
export const RESOURCE = 5
export const CLIENT = 6
export const TOLD = 7
export const NEXT = 8
export const PREVIOUS = 9
export const INBOX_NEXT = 10
export const DEAD = 11
export const ENTRY_WORDS = 12

/** SEQ and GRANT: the low word counts to here. */
export const SEQ_LIMIT = 0x40000000

/** How many there can be of each. */
export interface Sizes {
  readonly clients: number
  /** A power of two. */
  readonly buckets: number
  readonly chunks: number
  /** There can be as many resources: each has an entry. */
  readonly entries: number
}

/** The sizes of a file with room for this many requests. */
export function sizesFor(requests: number): Sizes {
  return { clients: 1000, buckets: 1024, chunks: 4 * requests, entries: requests }
}

/** Where everything is, in words. */
export class Layout {
  readonly base: number
  readonly sizes: Sizes
  readonly clients: number
  readonly buckets: number
  readonly resources: number
  readonly chunks: number
  readonly entries: number
  readonly end: number

  constructor(sizes: Sizes, base = 0) {
    this.base = base
    this.sizes = sizes
    this.clients = base + HEADER_WORDS
    this.buckets = this.clients + sizes.clients * CLIENT_WORDS
    this.resources = this.buckets + sizes.buckets
    this.entries = this.resources + sizes.entries * RESOURCE_WORDS
    this.chunks = this.entries + sizes.entries * ENTRY_WORDS
    this.end = this.chunks + sizes.chunks * CHUNK_WORDS
  }

  get words(): number {
    return this.end - this.base
  }
}
