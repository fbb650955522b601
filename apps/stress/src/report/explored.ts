import { drawTimeline, follow, type Timeline } from '@ipc/explorer/engine'
import { describeProgram, modelOf } from '../subjects/program.ts'
import type { Search } from '../subjects/search.ts'
import { replayCommand, type Replay } from '../subjects/token.ts'
import type { ExploredFailure } from './report.ts'

/** Makes a report of what a search has found, for people and programs. */
export function exploredFailure({ program, machine, finding, outcomes }: Search): ExploredFailure {
  const { schedule, verdict } = finding!
  const sum = (of: (outcome: Search['outcomes'][number]) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0)
  return {
    ...described({ program, schedule }, follow(machine.model, schedule), verdict),
    strategy: outcomes.at(-1)!.strategy,
    states: sum(({ states }) => states),
    schedules: sum(({ schedules }) => schedules),
  }
}

/**
 * Makes a report of a schedule that was run again. It need not fail any more: then the timeline has no
 * verdict.
 */
export function replayed(replay: Replay): ExploredFailure {
  const timeline = follow(modelOf(replay.program), replay.schedule)
  return { ...described(replay, timeline, ''), strategy: 'replay', states: 0, schedules: 1 }
}

function described(
  { program, schedule }: Replay,
  timeline: Timeline,
  verdict: string,
): Omit<ExploredFailure, 'strategy' | 'states' | 'schedules'> {
  const { crashes, spurious } = program.faults
  const faults = [
    ...(crashes > 0 ? [`up to ${crashes} agents die, at any step`] : []),
    ...(spurious > 0 ? [`up to ${spurious} sleeps end for no reason`] : []),
  ]
  return {
    half: 'explored',
    verdict: timeline.verdict ?? verdict,
    program: describeProgram(program),
    agents: program.agents.map((segments) => segments.join(', ')),
    faults: faults.join('; '),
    timeline,
    replay: replayCommand({ program, schedule }),
  }
}

/** Writes the verdict, the program, the timeline, and the command that replays it. */
export function describeExplored(failure: ExploredFailure): string[] {
  const { verdict, program, agents, faults, timeline, replay } = failure
  return [
    `FOUND: ${verdict}`,
    '',
    `program: ${program}`,
    ...agents.map((agent, i) => `  T${i} ${agent}`),
    ...(faults === '' ? [] : [`  ${faults}`]),
    '',
    ...drawTimeline(timeline),
    '',
    `replay: ${replay}`,
  ]
}
