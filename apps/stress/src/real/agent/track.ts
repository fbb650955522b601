import { trackOf, type Arena } from '../history/arena.ts'
import type { AgentSpec, Operation } from '../program/program.ts'
import type { Shared } from './kinds.ts'
import { Stage, type Moment } from './stage.ts'
import { perform } from './steps/perform.ts'

/** A track does one list of operations of an agent, and records them. */
export class Track {
  readonly #stage: Stage
  readonly #operations: readonly Operation[]
  readonly #rounds: number

  constructor(
    arena: Arena,
    objects: readonly Shared[],
    { agent, index, spec }: { agent: number; index: number; spec: AgentSpec },
    moment: Moment,
  ) {
    this.#stage = new Stage(arena, trackOf(agent, index), objects, moment)
    this.#operations = spec.tracks[index]!
    this.#rounds = spec.rounds
  }

  /** Awaits only asynchronous operations: blocking ones follow each other at once. */
  async run(): Promise<void> {
    const stage = this.#stage
    for (let round = 0; round < this.#rounds; round++) {
      for (const operation of this.#operations) {
        stage.before()
        const pending = perform(stage, operation)
        if (pending !== undefined) await pending
        stage.step++
      }
    }
  }
}
