import { describeProgram, modelOf } from './program.ts'
import { drawTimeline } from './draw.ts'
import { follow } from './timeline.ts'
import { fromToken, PREFIX } from './token.ts'

/** Whether a token is one of the explorer's. */
export function isExplorerToken(token: string): boolean {
  return token.startsWith(PREFIX)
}

/** Does what a token says again, and prints it; answers with the exit code. */
export function replayToken(token: string): number {
  const { program, schedule } = fromToken(token)
  const timeline = follow(modelOf(program), schedule)
  const { verdict } = timeline
  console.log(`${describeProgram(program)}\n`)
  for (const line of drawTimeline(timeline)) console.log(line)
  console.log(verdict === null ? '\nNothing wrong: the bug is gone.' : `\nFOUND: ${verdict}`)
  return verdict === null ? 0 : 1
}
