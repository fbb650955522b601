import type { AgentSpec } from '../program/program.ts'
import { startProcess, startWorker, type Member } from './member.ts'
import type { Reaper } from './reaper.ts'

/**
 * From the first death on the pool keeps this many members more than a program can use, to take the place of
 * the dead.
 */
const SPARE = 1

export interface PoolSize {
  readonly workers: number
  readonly processes: number
}

/**
 * A pool of members that were started ahead of time: starting one takes longer than most programs. Members
 * that die are replaced at once.
 */
export class Pool {
  readonly #arena: unknown
  readonly #reaper: Reaper | null
  readonly #size: Record<Member['kind'], number>
  readonly #members = new Set<Member>()
  readonly #idle: Member[] = []
  readonly #waiting: { kind: Member['kind']; give: (member: Member) => void }[] = []
  /** Resolves when the first members are there. */
  readonly ready: Promise<void>
  #ready: () => void = () => {}
  #spare = 0
  #closed = false

  constructor(arena: unknown, { workers, processes }: PoolSize, reaper: Reaper | null) {
    this.#arena = arena
    this.#reaper = reaper
    this.#size = { worker: workers, process: processes }
    this.ready = new Promise((resolve) => (this.#ready = resolve))
    this.#fill()
  }

  /** Takes one member for each agent of a program. */
  take(agents: readonly AgentSpec[]): Promise<Member[]> {
    return Promise.all(agents.map(({ runs }) => this.#takeOne(runs)))
  }

  /** Takes back the members that are alive. */
  giveBack(members: readonly Member[]): void {
    for (const member of members) {
      member.hear = member.mourn = () => {}
      if (member.alive) this.#settle(member)
    }
    this.#fill()
  }

  /** Ends all members. */
  async close(): Promise<void> {
    this.#closed = true
    const exits = [...this.#members].map(async (member) => {
      member.kill()
      await member.exited
    })
    await Promise.all(exits)
  }

  #takeOne(kind: Member['kind']): Promise<Member> {
    const i = this.#idle.findIndex((member) => member.kind === kind)
    if (i >= 0) return Promise.resolve(this.#idle.splice(i, 1)[0]!)
    return new Promise((give) => this.#waiting.push({ kind, give }))
  }

  #settle(member: Member): void {
    const i = this.#waiting.findIndex(({ kind }) => kind === member.kind)
    if (i >= 0) this.#waiting.splice(i, 1)[0]!.give(member)
    else this.#idle.push(member)
    if (this.#idle.length === this.#size.worker + this.#size.process) this.#ready()
  }

  #fill(): void {
    for (const kind of ['worker', 'process'] as const) {
      const there = [...this.#members].filter((member) => member.kind === kind).length
      const wanted = this.#size[kind] && this.#size[kind] + this.#spare
      for (let i = there; i < wanted && !this.#closed; i++) this.#start(kind)
    }
  }

  #start(kind: Member['kind']): void {
    const member = (kind === 'worker' ? startWorker : startProcess)(this.#arena)
    this.#members.add(member)
    void this.#reaper?.watch(member)
    let started = false
    member.hear = ({ did }) => {
      if (did !== 'start') return
      started = true
      this.#settle(member)
    }
    member.mourn = (reason) => {
      if (!started && !this.#closed) throw new Error(`a ${kind} did not start: ${reason}`)
    }
    void this.#forget(member)
  }

  /** Called when a member has ended, for whatever reason. */
  async #forget(member: Member): Promise<void> {
    await member.exited
    this.#members.delete(member)
    this.#spare = SPARE
    const i = this.#idle.indexOf(member)
    if (i >= 0) this.#idle.splice(i, 1)
    this.#fill()
  }
}
