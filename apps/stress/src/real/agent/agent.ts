import type { Arena } from '../history/arena.ts'
import type { FaultAtStep, Program } from '../program/program.ts'
import { openObjects, type Objects } from './objects.ts'
import type { Reply, Request } from './protocol.ts'
import type { Moment } from './stage.ts'
import { Track } from './track.ts'

/** How a thread or a process ends its own life. */
export interface Life {
  send(reply: Reply): void
  /** It ends at once, in the middle of everything. */
  kill(): void
  /** Whether storms of signals call a handler or are ignored. Threads get no storms. */
  takeStorms?(taken: boolean): void
}

/** An agent does its part of one program after the other. */
export class Agent {
  readonly #arena: Arena
  readonly #life: Life
  #prepared: { objects: Objects; tracks: Track[] } | null = null

  constructor(arena: Arena, life: Life) {
    this.#arena = arena
    this.#life = life
    life.send({ did: 'start' })
  }

  receive(request: Request): void {
    const done = request.do === 'go' ? this.#go() : this.#prepare(request)
    done.then(
      () => this.#life.send({ did: request.do }),
      (error: unknown) => this.#life.send({ did: 'fail', error: textOf(error) }),
    )
  }

  // oxlint-disable-next-line typescript/require-await -- so that what it throws is a rejection
  async #prepare(request: Extract<Request, { do: 'prepare' }>): Promise<void> {
    const { program, agent, references, planted } = request
    const objects = openObjects(program, references, planted, this.#arena)
    const spec = program.agents[agent]!
    const isStormy = program.faults.some(
      ({ what, agent: whom }) => what === 'storm' && whom === agent,
    )
    this.#life.takeStorms?.(isStormy)
    const tracks = spec.tracks.map((_, index) => {
      const moment = index === 0 ? this.#faultsOf(program, agent) : () => {}
      return new Track(this.#arena, objects.all, { agent, index, spec }, moment)
    })
    this.#prepared = { objects, tracks }
  }

  async #go(): Promise<void> {
    const { objects, tracks } = this.#prepared!
    this.#prepared = null
    await Promise.all(tracks.map((track) => track.run()))
    objects.close()
  }

  #faultsOf({ faults }: Program, agent: number): Moment {
    const mine = faults.filter((fault) => fault.agent === agent && 'step' in fault) as FaultAtStep[]
    return (step, inside) => {
      const fault = mine.find((planned) =>
        planned.inside ? inside && step >= planned.step : step === planned.step,
      )
      if (fault?.what === 'kill') this.#life.kill()
      else if (fault?.what === 'exit') process.exit()
    }
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.stack ?? error.message
}
