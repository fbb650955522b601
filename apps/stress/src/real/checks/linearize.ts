/**
 * Decides whether some order explains a history: an order that keeps the order of calls that do not overlap,
 * and in which every call returns what the specification allows. It is Wing and Gong's search (1993) with
 * Lowe's memory of the configurations already tried (2017), one object at a time.
 *
 * A call that never returned may have happened at any time after it began, or not at all. The death
 * of an agent is a call of its own: nothing of that agent happens after it.
 */
import type { Call, What } from '../history/call.ts'

/** A sequential object. States are immutable. */
export interface Spec<S> {
  readonly initial: S
  /** Answers with the states after a call with this result; with none if it could not have had it. */
  readonly next: { readonly [what in What]?: (state: S, call: Call) => readonly S[] }
  /** Answers with equal strings for equal states. */
  key(state: S): string
}

export type Outcome =
  | { readonly is: 'explained' }
  | { readonly is: 'unknown' }
  /** No order explains it; the longest partial order that was found ends before one of these calls. */
  | { readonly is: 'unexplained'; readonly stuck: readonly Call[] }

/** Some seconds and some hundred megabytes; a barrier's history beside stops and storms needs the most. */
const MAX_CONFIGURATIONS = 1_500_000

interface Configuration<S> {
  /** How many calls of each track are in the order so far. */
  readonly counts: readonly number[]
  readonly state: S
  /** The choices that are left to try. */
  readonly choices: { readonly track: number; readonly state: S }[]
}

export function linearize<S>(
  spec: Spec<S>,
  calls: readonly Call[],
  limit: number = MAX_CONFIGURATIONS,
): Outcome {
  const tracks = byTrack(calls)
  const required = calls.filter(({ end }) => end !== Infinity).length
  const failed = new Set<string>()
  let tried = 0
  let longest = -1
  let stuck: readonly Call[] = []

  const configure = (counts: readonly number[], state: S): Configuration<S> => {
    const next = tracks.map((track, t) => track[counts[t]!])
    const horizon = Math.min(...next.map((call) => call?.end ?? Infinity))
    const dead = deadAgents(tracks, counts)
    const choices = next
      .flatMap((call, track) =>
        call !== undefined && call.begin <= horizon && !dead.has(call.agent)
          ? (spec.next[call.what]?.(state, call) ?? []).map((after) => ({
              track,
              state: after,
              end: call.end,
            }))
          : [],
      )
      .toSorted((a, b) => b.end - a.end) // taken from the end: the call that returned first is tried first
    return { counts, state, choices }
  }

  const path = [
    configure(
      tracks.map(() => 0),
      spec.initial,
    ),
  ]
  while (path.length > 0) {
    const here = path.at(-1)!
    const ordered = completed(tracks, here.counts)
    if (ordered === required) return { is: 'explained' }
    if (ordered > longest) {
      longest = ordered
      stuck = tracks.flatMap((track, t) => track[here.counts[t]!] ?? [])
    }
    const choice = here.choices.pop()
    if (choice === undefined) {
      failed.add(keyOf(here.counts, spec.key(here.state)))
      path.pop()
      continue
    }
    const counts = here.counts.with(choice.track, here.counts[choice.track]! + 1)
    if (failed.size > 0 && failed.has(keyOf(counts, spec.key(choice.state)))) continue
    if (++tried > limit) return { is: 'unknown' }
    path.push(configure(counts, choice.state))
  }
  return { is: 'unexplained', stuck }
}

function byTrack(calls: readonly Call[]): Call[][] {
  const tracks = new Map<number, Call[]>()
  for (const call of calls) {
    const track = tracks.get(call.track)
    if (track === undefined) tracks.set(call.track, [call])
    else track.push(call)
  }
  return [...tracks.values()]
}

/**
 * How many of the calls in the order had to be in it. A call that never returned is the last of its track.
 */
function completed(tracks: readonly Call[][], counts: readonly number[]): number {
  return tracks.reduce((sum, track, t) => {
    let count = counts[t]!
    while (count > 0 && track[count - 1]!.end === Infinity) count--
    return sum + count
  }, 0)
}

function deadAgents(tracks: readonly Call[][], counts: readonly number[]): Set<number> {
  const dead = new Set<number>()
  tracks.forEach((track, t) => {
    const last = track[counts[t]! - 1]
    if (last?.what === 'die') dead.add(last.agent)
  })
  return dead
}

function keyOf(counts: readonly number[], state: string): string {
  return `${counts.join()}/${state}`
}
