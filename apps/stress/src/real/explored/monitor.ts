import type { Monitor, SharedWords, View } from '@ipc/explorer/engine'
import { OffsetMemory } from './offset-memory.ts'
import type { Part } from './part.ts'

/** A mark has the track above the object above the subject's code. */
const CODES = 16
const OBJECTS = 8

export const codeOf = (track: number, object: number, code: number): number =>
  code + CODES * (object + OBJECTS * track)

/** Codes from this one on only say who waits for what; the subject's monitor is not told of them. */
export const UNTOLD = 14

/** One of the sequences of things that an agent does; monitors see tracks as agents. */
export interface TrackPlace {
  readonly agent: number
  /** The track's name: `T0`, or `T0.1` for one of several. */
  readonly name: string
}

/**
 * Combines the monitors of all objects. Each sees its own words. If tracks of one agent also take the object
 * from each other, as they do a lock, it sees tracks in place of agents. The combined monitor has words of
 * its own, which say on which object each track waits.
 */
export function monitorOf(
  parts: readonly Part[],
  tracks: readonly TrackPlace[],
  waitCodes: ReadonlySet<string>,
  endCodes: ReadonlySet<string>,
): Monitor {
  const waitingAt = parts.reduce((sum, { monitor }) => sum + monitor.words, 0)
  const renamed = (text: string | undefined, { seesTracks }: Part): string | undefined =>
    seesTracks
      ? text?.replaceAll(/\bT(\d)\b/g, (_, at: string) => tracks[Number(at)]?.name ?? `T${at}`)
      : text
  /** The number that a part takes for an agent. */
  const seen = ({ seesTracks }: Part, track: number): number =>
    seesTracks ? track : tracks[track]!.agent
  /** One more than the object that a track waits on; 0 if on none. */
  const waiting = (view: View, track: number): number => view.get(waitingAt + track)
  const views = new WeakMap<View, PartView[]>()
  const viewsOf = (view: View): PartView[] => {
    let known = views.get(view)
    if (known === undefined) {
      known = parts.map((part, object) => {
        const waits = (track: number): boolean => waiting(view, track) === object + 1
        return new PartView(view, part, tracks, waits)
      })
      views.set(view, known)
    }
    return known
  }
  const tracksOf = (agent: number): number[] =>
    tracks.flatMap((track, i) => (track.agent === agent ? [i] : []))

  return {
    words: waitingAt + tracks.length,
    tell(view, _agent, mark, value) {
      const code = mark % CODES
      const object = Math.floor(mark / CODES) % OBJECTS
      const track = Math.floor(mark / (CODES * OBJECTS))
      const part = parts[object]!
      const key = `${part.spec.kind} ${code}`
      if (waitCodes.has(key)) view.set(waitingAt + track, object + 1)
      if (endCodes.has(key)) view.set(waitingAt + track, 0)
      if (code >= UNTOLD) return undefined
      return renamed(
        part.monitor.tell?.(viewsOf(view)[object]!, seen(part, track), code, value),
        part,
      )
    },
    armed(view, agent) {
      // If several tracks wait, nobody knows which one it is.
      const waits = tracksOf(agent).filter((track) => waiting(view, track) > 0)
      if (waits.length !== 1) return
      const object = waiting(view, waits[0]!) - 1
      const part = parts[object]!
      part.monitor.armed?.(viewsOf(view)[object]!, seen(part, waits[0]!))
    },
    maySleep(view, agent) {
      return tracksOf(agent).every((track) => {
        const object = waiting(view, track) - 1
        if (object < 0) return true
        const part = parts[object]!
        return part.monitor.maySleep?.(viewsOf(view)[object]!, seen(part, track)) ?? false
      })
    },
    atRest(view) {
      for (const [object, part] of parts.entries()) {
        const wrong = renamed(part.monitor.atRest?.(viewsOf(view)[object]!), part)
        if (wrong !== undefined) return `${part.name}: ${wrong}`
      }
      return undefined
    },
    wordNames: parts.flatMap(({ name, words, monitor }) =>
      Array.from({ length: words }, (_, i) => {
        const word = monitor.wordNames?.[i] ?? `[${i}]`
        return words === 1 || word === 'word' ? name : `${name}.${word}`
      }),
    ),
    show(index, value) {
      const part = parts.findLast(({ base }) => base <= index)!
      return part.monitor.show?.(index - part.base, value) ?? String(value)
    },
  }
}

/** The state as the monitor of one object sees it. */
class PartView implements View {
  readonly agents: number
  readonly shared: SharedWords
  readonly #whole: View
  readonly #ghosts: number
  readonly #isWaiting: (track: number) => boolean
  /** The agent of each track; null if the monitor sees agents. */
  readonly #agents: readonly number[] | null

  constructor(
    whole: View,
    { base, ghosts, seesTracks }: Part,
    tracks: readonly TrackPlace[],
    waits: (track: number) => boolean,
  ) {
    this.agents = seesTracks ? tracks.length : whole.agents
    this.shared = new OffsetMemory(whole.shared, base)
    this.#whole = whole
    this.#ghosts = ghosts
    this.#isWaiting = (agent) =>
      tracks.some((track, i) => (seesTracks ? i : track.agent) === agent && waits(i))
    this.#agents = seesTracks ? tracks.map(({ agent }) => agent) : null
  }

  get(word: number): number {
    return this.#whole.get(this.#ghosts + word)
  }

  set(word: number, value: number): void {
    this.#whole.set(this.#ghosts + word, value)
  }

  isDead(track: number): boolean {
    return this.#whole.isDead(this.#agentOf(track))
  }

  isFinished(track: number): boolean {
    return this.#whole.isFinished(this.#agentOf(track))
  }

  /** Whether a track waits on this object. */
  isAsleep(track: number): boolean {
    return this.#whole.isAsleep(this.#agentOf(track)) && this.#isWaiting(track)
  }

  #agentOf(track: number): number {
    return this.#agents === null ? track : (this.#agents[track] ?? -1)
  }
}
