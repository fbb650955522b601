/**
 * The shipped table of Web Locks. Agents are threads that block where clients of the package await: they
 * enter the mutex as `Lock` does, and sleep on the client's bell.
 */
import { block } from '@ipc/core/author'
import { Lock } from '@ipc/lock'
import { hashOf, Layout, readTable, repair, Table, type Wish } from '@ipc/web-locks/table'
import { asUnmerged, FIRST_ID, type Agent, type Segment } from '@ipc/explorer/engine'
import type { Subject } from './subject.ts'
import {
  ASKS,
  GAVE_UP,
  GIVES_UP,
  HAS,
  LEAVES,
  monitorOf,
  REFUSED,
  RELEASED,
  RELEASES,
  STEALS,
  STOLE,
  WAITS,
  what,
} from './weblocks-monitor.ts'

/** The table has room for what a few agents can do. */
const LAYOUT = new Layout({ clients: 3, buckets: 1, entries: 6, chunks: 3 })
const SEQ = 1
const ENTRY_WORDS = 12
const CLIENT_WORDS = 4
const USED_CLIENTS = 12
const NAMES = ['a', 'b'] as const

interface Asking {
  readonly name?: 0 | 1
  readonly shared?: boolean
  readonly ifAvailable?: boolean
  readonly steal?: boolean
}

/** A request that is in the table. */
interface Entered {
  readonly entry: number
  readonly seq: number
  readonly name: number
  readonly shared: boolean
  /** Whether it was granted at once; if not, `wait` says when. */
  readonly granted: boolean
}

const clientOf = (agent: number): number => LAYOUT.clients + agent * CLIENT_WORDS

/** The first words, in which everybody has joined. */
function joined(agents: readonly unknown[]): number[] {
  const words = Array.from({ length: LAYOUT.words }, () => 0)
  words[USED_CLIENTS] = agents.length
  for (const agent of agents.keys()) words[clientOf(agent)] = FIRST_ID + agent
  return words
}

/** An agent as a client of the table. */
class Client {
  readonly #agent: Agent
  readonly #table: Table
  readonly #mutex: Lock

  constructor(agent: Agent) {
    this.#agent = agent
    this.#table = new Table(agent.memory, LAYOUT)
    this.#table.clients.mine = clientOf(agent.number)
    this.#mutex = Lock.at(agent.memory, 0)
  }

  /** Enters the mutex as the package's entrance does, except that it blocks. */
  inside<T>(work: (table: Table) => T): T {
    const guard = this.#mutex.acquire()
    if (guard.abandoned) repair(this.#table)
    this.#table.clients.collect()
    const result = work(this.#table)
    this.#agent.did(LEAVES)
    guard.release()
    this.#table.clients.wake()
    return result
  }

  ask(asking: Asking): Entered | null {
    return this.inside((table) => this.enter(table, asking))
  }

  enter(table: Table, asking: Asking): Entered | null {
    const { name = 0, shared = false, ifAvailable = false, steal = false } = asking
    const agent = this.#agent
    const wish: Wish = { name: NAMES[name], hash: hashOf(NAMES[name]), shared, ifAvailable, steal }
    agent.begins(ASKS, what(name, shared))
    if (steal) agent.begins(STEALS, what(name, shared))
    const entry = table.request(wish)
    if (entry === 0) {
      agent.did(REFUSED, what(name, shared))
      return null
    }
    const granted = table.isGranted(entry)
    const entered = { entry, seq: table.orderOf(entry + SEQ), name, shared, granted }
    if (steal) agent.did(STOLE, what(name, shared))
    if (granted) this.#has(entered)
    else agent.did(WAITS, what(name, shared))
    return entered
  }

  #has({ entry, name, shared }: Entered): void {
    const isTold = this.#table.isTold(entry)
    this.#agent.did(HAS, what(name, shared, isTold))
  }

  /**
   * Sleeps on the bell until the lock is granted. Answers false if it was stolen before this agent knew that
   * it had it.
   */
  await(entered: Entered): boolean {
    const table = this.#table
    const { clients } = table
    const got = block(
      this.#agent.memory,
      {
        owner: this,
        attempt: (sleep) => {
          for (;;) {
            if (!table.isMine(entered.entry, entered.seq)) return 'stolen'
            if (table.isGranted(entered.entry)) return this.#take(entered)
            const announced = clients.lieDown(() => this.#mutex.isAbandoned || clients.hasDead)
            if (announced === null) {
              this.inside((inner) => inner.sweep())
              continue
            }
            sleep.on(clients.bell, announced)
            return undefined
          }
        },
        leave: () => {},
      },
      Infinity,
      () => 'a lock',
    )
    clients.getUp()
    return got === 'granted'
  }

  /**
   * Answers what the agent is told, by the last look, which counts; it is told only if the lock is still its
   * own.
   */
  #take({ entry, seq, name, shared }: Entered): string {
    const isTold = this.#table.isTold(entry)
    if (!this.#table.isMine(entry, seq)) return 'stolen'
    this.#agent.did(HAS, what(name, shared, isTold))
    return 'granted'
  }

  hold(asking: Asking): Entered | null {
    const entered = this.ask(asking)
    return entered === null ? null : this.wait(entered)
  }

  wait(entered: Entered): Entered | null {
    if (entered.granted || this.await(entered)) return entered
    this.#agent.did(GIVES_UP, what(entered.name, entered.shared))
    this.#agent.did(GAVE_UP, what(entered.name, entered.shared))
    return null
  }

  leave(entered: Entered | null): void {
    if (entered === null) return
    const { entry, seq, name, shared } = entered
    this.#agent.begins(RELEASES, what(name, shared))
    const isMine = this.inside((table) => table.leave(entry, seq))
    this.#agent.did(RELEASED, what(name, shared, isMine))
  }

  /** Holds it, and does nothing more. */
  keep(asking: Asking): void {
    this.hold(asking)
    this.#agent.memory.stay()
  }

  /** Asks, and gives up a request that is not granted at once. */
  abort(asking: Asking): void {
    const entered = this.ask(asking)
    if (entered === null) return
    const { entry, seq, name, shared } = entered
    if (entered.granted) return this.leave(entered)
    this.#agent.begins(GIVES_UP, what(name, shared))
    this.inside((table) => table.leave(entry, seq))
    this.#agent.did(GAVE_UP, what(name, shared))
  }
}

const segment = (name: string, body: (client: Client) => void): Segment => ({
  name,
  code: asUnmerged((agent) => body(new Client(agent))),
})

const holding =
  (asking: Asking) =>
  (client: Client): void =>
    client.leave(client.hold(asking))

/** Acquires one lock while it has the other. */
function nested(client: Client): void {
  const outer = client.hold({ name: 0 })
  const inner = client.hold({ name: 1 })
  client.leave(inner)
  client.leave(outer)
}

/** Acquires both in one step, as `requestAll` does. */
function all(names: readonly (0 | 1)[]) {
  return (client: Client): void => {
    const entered = client.inside((table) => names.map((name) => client.enter(table, { name })!))
    for (const one of entered.map((each) => client.wait(each))) client.leave(one)
  }
}

/** The indexes at which words begin, for people. */
const PARTS: readonly (readonly [number, string])[] = [
  [0, 'mutex'],
  [LAYOUT.base + 3, 'header'],
  [LAYOUT.clients, 'client'],
  [LAYOUT.buckets, 'bucket'],
  [LAYOUT.resources, 'resource'],
  [LAYOUT.entries, 'entry'],
  [LAYOUT.chunks, 'chunk'],
]

function nameOf(index: number): string {
  const [start, part] = PARTS.findLast(([first]) => first <= index)!
  return `${part}+${index - start}`
}

function show(index: number, value: number): string {
  const id = value & 0x3fffffff
  const isOwner =
    index < 3 || (index >= LAYOUT.entries && (index - LAYOUT.entries) % ENTRY_WORDS === 0)
  if (!isOwner || value === 0) return String(value)
  const parts = [id >= FIRST_ID ? `T${id - FIRST_ID}` : 'nobody']
  if (value < 0) parts.push(index < 3 ? 'WAITERS' : 'HELD')
  if ((value & 0x40000000) !== 0) parts.push(index < 3 ? 'RESERVED' : 'SHARED')
  return parts.join('+')
}

/** The words that only the holder of the mutex reads. */
function isInner(index: number): boolean {
  if (index >= LAYOUT.chunks || (index >= LAYOUT.buckets && index < LAYOUT.entries)) return true
  if (index >= LAYOUT.entries) return (index - LAYOUT.entries) % ENTRY_WORDS > SEQ + 1
  return index > 3 && index < LAYOUT.clients && index !== USED_CLIENTS
}

const segments: readonly Segment[] = [
  segment('x', holding({})),
  segment('s', holding({ shared: true })),
  segment('y', holding({ name: 1 })),
  segment('try', holding({ ifAvailable: true })),
  segment('steal', holding({ steal: true })),
  segment('abort', (client) => client.abort({})),
  segment('query', (client) => {
    client.inside((table) => {
      table.sweep()
      readTable(table.memory, table.layout)
    })
  }),
  segment('keep', (client) => client.keep({})),
  segment('nested', nested),
  segment('both', all([0, 1])),
  segment('htob', all([1, 0])),
]

const dying: Subject = {
  name: 'weblocks:dying',
  words: LAYOUT.words,
  initial: joined,
  monitor: monitorOf(LAYOUT, {
    wordNames: Array.from({ length: LAYOUT.words }, (_, i) => nameOf(i)),
    show,
  }),
  segments,
  mostAgents: 3,
}

/**
 * The subject as it is, for agents that may die before each step; and one for agents that do not die, where a
 * word that only the holder of the mutex reads makes no difference to others.
 */
export const weblocks: readonly Subject[] = [
  { ...dying, name: 'weblocks', commutes: ({ index }) => isInner(index) },
  dying,
]
