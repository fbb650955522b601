import { describeProgram, objectName, trackName } from '../real/program/describe.ts'
import { MAX_TRACKS, type Program } from '../real/program/program.ts'
import { replayCommand } from '../real/program/token.ts'
import type { Run } from '../real/run/run-program.ts'
import { describeExploration } from './explored-real.ts'
import { drawHistory, historyTimeline } from './history-timeline.ts'
import type { RealFailure } from './report.ts'

export interface RealFailureOptions {
  readonly planted: string | undefined
  readonly after: number
  readonly shrinks: number
}

/** Makes a report of the law that a program broke when it was run, for people and programs. */
export function realFailure(
  program: Program,
  run: Run,
  { planted, after, shrinks }: RealFailureOptions,
): RealFailure {
  const violations = run.violations.map(({ law, object, text, calls }) => ({
    law,
    object: object === null ? null : objectName(program.objects, object),
    text,
    timeline: object === null ? null : historyTimeline(program, run.history, object, calls),
  }))
  return {
    half: 'real',
    verdict: violations[0]!.law,
    violations,
    program: describeProgram(program),
    asleep: asleep(program, run),
    faults: run.faults,
    after,
    shrinks,
    replay: replayCommand({ program, planted }),
    explored: null,
  }
}

/** Writes the verdict, the history, the program, and the command that replays it. */
export function describeReal(failure: RealFailure): string {
  const { violations, program, asleep: lines, replay, explored } = failure
  const parts = violations.map(({ law, object, text, timeline }) => {
    const head = `VIOLATED: ${law}${object === null ? '' : ` (${object})`}\n  ${text}`
    return timeline === null ? head : `${head}\n\n${object}\n${drawHistory(timeline)}`
  })
  const end = [...lines, `replay: ${replay}`].join('\n')
  const again = explored === null ? [] : [describeExploration(explored)]
  return [...parts, program.join('\n'), end, ...again].join('\n\n')
}

/** Answers with the agents that had not returned, and from which calls. */
function asleep({ agents, objects }: Program, { history }: Run): string[] {
  const dead = new Set(history.filter(({ what }) => what === 'die').map(({ agent }) => agent))
  return history
    .filter(({ end, agent }) => end === Infinity && !dead.has(agent))
    .map(({ agent, track, what, object }) => {
      const who = trackName(agents, agent, track % MAX_TRACKS)
      return `${who} did not return from ${what} of ${objectName(objects, object)}`
    })
}
