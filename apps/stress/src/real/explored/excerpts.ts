import { MOST_AGENTS } from '../../subjects/program.ts'
import { trackName } from '../program/describe.ts'
import { MAX_TRACKS, type AgentSpec, type Fault, type Program } from '../program/program.ts'
import { obstacles } from './translate.ts'

/** A program that can be explored: some tracks of a program that cannot be. */
export interface Excerpt {
  readonly program: Program
  /** The tracks that are left out, as people read them: `A3 and A2.1`. */
  readonly without: string
}

const MOST_EXCERPTS = 6

interface Track {
  readonly agent: number
  readonly index: number
}

/**
 * Answers with the largest excerpts first, and with those first that keep the tracks `around` which something
 * went wrong.
 */
export function excerptsOf(program: Program, around: readonly number[]): Excerpt[] {
  const tracks = program.agents.flatMap(({ tracks: all }, agent) =>
    all.map((_, index): Track => ({ agent, index })),
  )
  const isAround = ({ agent, index }: Track): boolean => around.includes(agent * MAX_TRACKS + index)
  const ordered = [...tracks.filter(isAround), ...tracks.filter((track) => !isAround(track))]
  const excerpts: Excerpt[] = []
  for (let size = Math.min(MOST_AGENTS, tracks.length); size > 1; size--) {
    for (const kept of subsets(ordered, size)) {
      const excerpt = keep(program, kept)
      if (obstacles(excerpt).length > 0) continue
      const left = tracks.filter((track) => !kept.includes(track))
      const names = left.map(({ agent, index }) => trackName(program.agents, agent, index))
      excerpts.push({ program: excerpt, without: names.join(', ') })
      if (excerpts.length === MOST_EXCERPTS) return excerpts
    }
  }
  return excerpts
}

/** Answers with the subsets, those with the first elements first. */
function subsets<T>(all: readonly T[], size: number): (readonly T[])[] {
  if (size === 0) return [[]]
  return all.flatMap((first, i) =>
    subsets(all.slice(i + 1), size - 1).map((rest) => [first, ...rest]),
  )
}

function keep(program: Program, kept: readonly Track[]): Program {
  const agents: AgentSpec[] = []
  const faults: Fault[] = []
  for (const [i, agent] of program.agents.entries()) {
    const isKept = (index: number): boolean =>
      kept.some((track) => track.agent === i && track.index === index)
    const tracks = agent.tracks.filter((_, index) => isKept(index))
    if (tracks.length === 0) continue
    for (const fault of program.faults) {
      if (fault.agent === i) faults.push({ ...fault, agent: agents.length })
    }
    agents.push({ ...agent, tracks })
  }
  return { ...program, agents, faults }
}
