import { setTimeout as delay } from 'node:timers/promises'
import { createObjects, unlinkNamed, type Objects } from '../agent/objects.ts'
import type { Reply } from '../agent/protocol.ts'
import { checkHistory, historyOf, type Death } from '../checks/check.ts'
import type { Violation } from '../checks/violation.ts'
import { trackOf, type Arena } from '../history/arena.ts'
import type { Call } from '../history/call.ts'
import type { Member } from '../pool/member.ts'
import type { Pool } from '../pool/pool.ts'
import type { Fault, Program } from '../program/program.ts'
import { noFaults, OutsideFaults, type FaultCounts } from './faults.ts'
import { Rescuer, waitingCalls } from './rescuer.ts'

/** While somebody could go on, something must happen within this time. */
const PATIENCE_MS = 10_000
const LOOK_MS = 1
/** This is longer than anything should take, except the look that sleepers take by themselves. */
const SLOW_MS = 100
/** A rest counts only if it was seen this often: then the harness itself ran meanwhile. */
const SLOW_LOOKS = 40

/** The result of one run of a program. */
export interface Run {
  readonly violations: readonly Violation[]
  readonly unknown: readonly string[]
  readonly history: readonly Call[]
  readonly faults: FaultCounts
  readonly rescues: number
  /** How often all rested although somebody could have gone on, until a sleeper's own look. */
  readonly slowWakes: number
}

export interface Bench {
  readonly arena: Arena
  readonly pool: Pool
  readonly planted: string | undefined
}

let programs = 0

/** Runs a program once on real threads and processes, with its faults, and checks its history. */
export async function runProgram(bench: Bench, program: Program): Promise<Run> {
  const members = await bench.pool.take(program.agents)
  const number = ++programs
  const name = (index: number): string => `stress-${process.pid}-${number}-${index}`
  bench.arena.reset()
  const { objects, references } = createObjects(program, bench.planted, name)
  const running = new Running(bench, program, members, objects)
  try {
    await running.tell((agent) => ({
      do: 'prepare',
      program,
      agent,
      references,
      planted: bench.planted,
    }))
    return await running.go()
  } finally {
    objects.close()
    unlinkNamed(program, name)
    bench.pool.giveBack(members)
  }
}

class Running {
  readonly #bench: Bench
  readonly #program: Program
  readonly #members: readonly Member[]
  readonly #rescuer: Rescuer
  readonly #outside = new OutsideFaults()
  readonly #faults = noFaults()
  readonly #deaths: Death[] = []
  readonly #errors: Violation[] = []
  /** The agents that have not yet done what they were told last. */
  readonly #busy = new Set<number>()
  #slowWakes = 0
  #done: () => void = () => {}

  constructor(bench: Bench, program: Program, members: readonly Member[], objects: Objects) {
    this.#bench = bench
    this.#program = program
    this.#members = members
    this.#rescuer = new Rescuer(bench.arena, program, objects.all)
    members.forEach((member, agent) => {
      member.hear = (reply) => this.#hear(agent, reply)
      member.mourn = (reason) => this.#exited(agent, reason)
    })
  }

  /** Resolves when every agent that is alive has done it. */
  async tell(request: (agent: number) => Parameters<Member['send']>[0]): Promise<void> {
    const done = new Promise<void>((resolve) => (this.#done = resolve))
    this.#members.forEach((member, agent) => {
      if (this.#isDead(agent)) return
      this.#busy.add(agent)
      member.send(request(agent))
    })
    this.#checkDone()
    await done
  }

  async go(): Promise<Run> {
    const { arena } = this.#bench
    this.#outside.start(this.#program.faults, this.#members, (agent) => this.#busy.has(agent))
    const watching = new AbortController()
    const told = this.tell(() => ({ do: 'go' }))
    const hung = await Promise.race([told, this.#watch(watching.signal)])
    watching.abort()
    this.#outside.end()
    this.#faults.stops = this.#outside.stops
    this.#faults.signals = this.#outside.signals
    if (hung !== undefined && hung.length > 0) await this.#killAll()
    else this.#rescuer.look()
    const history = historyOf(arena, this.#program, this.#deaths)
    const checked = checkHistory(arena, this.#program, history)
    return {
      violations: [...this.#errors, ...(hung ?? []), ...checked.violations],
      unknown: checked.unknown,
      history,
      faults: this.#faults,
      rescues: this.#rescuer.acted,
      slowWakes: this.#slowWakes,
    }
  }

  /** Checks whether anything happens; answers when nothing does although it should. */
  async #watch(signal: AbortSignal): Promise<Violation[]> {
    const { arena } = this.#bench
    let seen = arena.now
    let since = performance.now()
    let hopeSince = since
    let slow = false
    let looks = 0
    while (!signal.aborted) {
      await delay(LOOK_MS)
      const now = performance.now()
      if (arena.now !== seen) {
        seen = arena.now
        since = hopeSince = now
        slow = false
        looks = 0
        this.#rescuer.moved()
        continue
      }
      looks++
      const waiting = waitingCalls(arena, this.#livingTracks())
      const lost = this.#rescuer.lostPulses(waiting)
      if (lost.length > 0) return lost
      const rescue = this.#outside.someStopped ? 0 : this.#rescuer.rested(now - since, waiting)
      if (rescue > 0) seen += rescue // whatever others did meanwhile is seen the next time
      if (rescue > 0 || this.#outside.someStopped) since = now
      else if (
        now - since > SLOW_MS &&
        looks > SLOW_LOOKS &&
        !slow &&
        this.#someWillLive(waiting)
      ) {
        slow = true
        this.#slowWakes++
      }
      if (now - hopeSince > PATIENCE_MS) return asleep(waiting)
    }
    return []
  }

  #hear(agent: number, reply: Reply): void {
    if (reply.did === 'ask for its death') return this.#members[agent]!.kill()
    if (reply.did === 'fail') {
      const law = 'nothing throws'
      this.#errors.push({ law, object: null, text: `A${agent}: ${reply.error}`, calls: [] })
    }
    this.#ended(agent)
  }

  #exited(agent: number, reason: string): void {
    if (!this.#busy.has(agent)) return
    this.#deaths.push({ agent, seen: this.#bench.arena.stamp() })
    if (reason === 'exit code 0') this.#faults.exits++
    else if (this.#members[agent]!.kind === 'worker') this.#faults.terminations++
    else this.#faults.kills++
    const isMeant = (fault: Fault): boolean => fault.agent === agent && !('forMs' in fault)
    if (!this.#program.faults.some(isMeant)) {
      const text = `A${agent} ended without being told to: ${reason}`
      this.#errors.push({ law: 'nobody crashes', object: null, text, calls: [] })
    }
    this.#ended(agent)
  }

  #ended(agent: number): void {
    this.#busy.delete(agent)
    this.#checkDone()
  }

  #checkDone(): void {
    if (this.#busy.size === 0) this.#done()
  }

  #isDead(agent: number): boolean {
    return this.#deaths.some((death) => death.agent === agent)
  }

  /**
   * Whether an agent waits that is meant to live. Dying takes a while, and that time is no rest of the
   * others.
   */
  #someWillLive(waiting: readonly Call[]): boolean {
    const { faults } = this.#program
    return waiting.some(({ agent }) => faults.every((fault) => fault.agent !== agent))
  }

  #livingTracks(): number[] {
    return [...this.#busy].flatMap((agent) =>
      this.#program.agents[agent]!.tracks.map((_, track) => trackOf(agent, track)),
    )
  }

  /** Kills the agents, as they hang and only death ends them. Their history stays as it is. */
  async #killAll(): Promise<void> {
    this.#busy.clear()
    for (const member of this.#members) member.kill()
    await Promise.all(this.#members.map(({ exited }) => exited))
  }
}

function asleep(waiting: readonly Call[]): Violation[] {
  const text = `nothing happened for ${PATIENCE_MS / 1000} s, though somebody could have gone on`
  const object = waiting[0]?.object ?? null
  return [{ law: 'nobody is left asleep', object, text, calls: waiting }]
}
