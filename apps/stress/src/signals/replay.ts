import { checkPlanted } from '../real/planted/planted.ts'
import type { Output } from '../report/output.ts'
import { describeReal } from '../report/real.ts'
import { withBenches } from '../real/run/bench.ts'
import { describeSignalProgram } from './describe.ts'
import { signalFailure } from './report.ts'
import { runSignals } from './run.ts'
import { withCrew } from './session.ts'
import { fromSignalToken } from './token.ts'

/** Runs the program of a failure again until it fails, at most a given number of times. */
export async function replaySignals(token: string, times: number, output: Output): Promise<number> {
  const { program, planted } = fromSignalToken(token)
  checkPlanted(planted)
  output.say(`${describeSignalProgram(program).join('\n')}\n`)
  return await withBenches(1, { workers: 0, processes: 0 }, undefined, (_, reaper) =>
    withCrew(planted, reaper, async (crew, history) => {
      for (let i = 1; i <= times; i++) {
        output.progress.show(() => `run ${i} of ${times}`)
        // oxlint-disable-next-line no-await-in-loop -- one after another
        const run = await runSignals(crew, history, program)
        if (run.violations.length === 0) continue
        const failure = signalFailure({ failure: { program, run, after: 0, shrinks: 0 } }, planted)!
        output.say(`${describeReal(failure)}\n`)
        const text = `VIOLATED: ${failure.verdict} (in run ${i} of ${times})`
        output.say(text)
        return output.finish({ verdict: 'violated', text, exitCode: 1, failures: [failure] })
      }
      const text = `HELD: in ${times} runs`
      output.say(text)
      return output.finish({ verdict: 'held', text, exitCode: 0 })
    }),
  )
}
