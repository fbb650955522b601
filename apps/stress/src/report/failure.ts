import { describeProgram } from '../program/describe.ts'
import { objectName, trackName } from '../program/describe.ts'
import { MAX_TRACKS, type Program } from '../program/program.ts'
import { replayCommand } from '../program/token.ts'
import type { Run } from '../run/run-program.ts'
import { timeline } from './timeline.ts'

/** What people see of a program that broke a law. */
export function describeFailure(program: Program, run: Run, planted: string | undefined): string {
  const parts = run.violations.map(({ law, object, text, calls }) => {
    const where = object === null ? '' : ` (${objectName(program.objects, object)})`
    const head = `VIOLATED: ${law}${where}\n  ${text}`
    if (object === null) return head
    return `${head}\n\n${timeline(program, run.history, object, calls)}`
  })
  return [
    ...parts,
    describeProgram(program).join('\n'),
    `${asleep(program, run)}replay: ${replayCommand({ program, planted })}`,
  ].join('\n\n')
}

/** Who had not returned from what. */
function asleep({ agents, objects }: Program, { history }: Run): string {
  const dead = new Set(history.filter(({ what }) => what === 'die').map(({ agent }) => agent))
  return history
    .filter(({ end, agent }) => end === Infinity && !dead.has(agent))
    .map(({ agent, track, what, object }) => {
      const who = trackName(agents, agent, track % MAX_TRACKS)
      return `${who} did not return from ${what} of ${objectName(objects, object)}\n`
    })
    .join('')
}
