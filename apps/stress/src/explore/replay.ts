import { Machine } from './machine.ts'
import { describeProgram, modelOf } from './program.ts'
import { drawTimeline, follow } from './timeline.ts'
import { fromToken, PREFIX } from './token.ts'

/** Whether a token is one of the explorer's. */
export function isExplorerToken(token: string): boolean {
  return token.startsWith(PREFIX)
}

/** Does what a token says again, and prints it; answers with the exit code. */
export function replayToken(token: string): number {
  const { program, schedule } = fromToken(token)
  const machine = new Machine(modelOf(program))
  const { verdict } = follow(machine, schedule)
  console.log(`${describeProgram(program)}\n`)
  const finding = { verdict: verdict ?? '', agent: null, schedule }
  for (const line of drawTimeline(machine, finding)) console.log(line)
  console.log(verdict === null ? '\nNothing wrong: the bug is gone.' : `\nFOUND: ${verdict}`)
  return verdict === null ? 0 : 1
}
