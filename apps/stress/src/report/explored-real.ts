import { describeProgram } from '../real/program/describe.ts'
import {
  toScheduledToken,
  type ExploredReal,
  type ScheduledReal,
} from '../real/explored/explore-real.ts'
import { differences } from '../real/explored/translate.ts'
import { drawTimeline, type Timeline } from '@ipc/explorer/engine'
import type { Exploration, ExploredFailure } from './report.ts'

/** Makes a report of exploring the program of a real run, for people and programs. */
export function explorationOf(explored: ExploredReal): Exploration {
  const { obstacles, found, covered } = explored
  if (found === null) {
    const text =
      obstacles.length > 0
        ? `It cannot be explored: ${obstacles.join('; ')}.`
        : `Nothing was found; covered: ${covered}.`
    return { differences: explored.differences, covered: text, failure: null }
  }
  const { outcomes } = found.search
  const failure = {
    ...scheduledFailure(found, found.timeline),
    strategy: outcomes.at(-1)!.strategy,
    states: outcomes.reduce((sum, { states }) => sum + states, 0),
    schedules: outcomes.reduce((sum, { schedules }) => sum + schedules, 0),
  }
  return { differences: explored.differences, covered: '', failure }
}

export function scheduledFailure(scheduled: ScheduledReal, timeline: Timeline): ExploredFailure {
  const { real, rounds } = scheduled
  const lines = describeProgram(real.program)
  const agents = lines.slice(lines.indexOf('agents') + 1).filter((line) => /^ {2}A\d/.test(line))
  const bug = real.planted === undefined ? '' : `, planted: ${real.planted}`
  return {
    half: 'explored',
    verdict: timeline.verdict ?? '',
    program: `of a real run, at most ${rounds} ${rounds === 1 ? 'round' : 'rounds'}${bug}`,
    agents: real.program.agents.map((_, i) =>
      agents
        .filter((line) => line.startsWith(`  A${i} `) || line.startsWith(`  A${i}.`))
        .map((line) => line.replace(/^ {2}A\S+ /, ''))
        .join(' and at once '),
    ),
    faults: differences(real.program, rounds).join('; '),
    strategy: 'replay',
    states: 0,
    schedules: 1,
    timeline,
    replay: `npx -y pnpm@10.34.9 stress replay "${toScheduledToken(scheduled)}"`,
  }
}

export function describeExploration({ differences: notes, covered, failure }: Exploration): string {
  const head = 'The same program in the explorer, one step at a time:'
  if (failure === null) return `${head}\n  ${covered}`
  return [
    head,
    ...notes.map((note) => `  (${note})`),
    '',
    `FOUND: ${failure.verdict}`,
    '',
    ...drawTimeline(failure.timeline),
    '',
    `replay: ${failure.replay}`,
  ].join('\n')
}
