import { type Budget, budgetUntil, inMacrotask, type Strategy } from '@ipc/explorer/engine'
import { describeProgram, parseProgram, type Program } from '../subjects/program.ts'
import { ProgramExplorer, type Search } from '../subjects/search.ts'
import { describeExplored, exploredFailure } from '../report/explored.ts'
import type { Output } from '../report/output.ts'
import type { ExploredProgram } from '../report/report.ts'
import { seconds } from '../report/table.ts'

/** For each primitive, the segments that agents take in turn. */
const PLAINEST: readonly (readonly [string, ...string[]])[] = [
  ['lock', 'hold'],
  ['rlock', 'nest', 'hold', 'hold'],
  ['semaphore:1', 'hold'],
  ['bounded:1', 'hold'],
  ['undo:1', 'hold'],
  ['event', 'wait', 'pulse', 'wait'],
  ['rwlock', 'read', 'write'],
  ['barrier:2', 'wait'],
  ['condition', 'take', 'give'],
]

/** The plainest use of each primitive by `threads` agents, of which at most `crashes` may die. */
export function simplePrograms(threads: number, crashes = 0): Program[] {
  return PLAINEST.map(([subject, ...segments]) => {
    const name = subject === 'barrier:2' && threads === 3 ? 'barrier:3' : subject
    const agents = Array.from({ length: threads }, (_, i) => segments[i % segments.length]!)
    return parseProgram([name, ...agents, ...(crashes > 0 ? [`crashes=${crashes}`] : [])].join('/'))
  })
}

/**
 * Programs whose words come back to where they were; the other primitives count turns or tickets, which grow
 * forever.
 */
const ENDLESS: readonly (readonly [string, ...string[]])[] = [
  ['lock', 'try'],
  ['lock', 'hold', 'try', 'try', 'try'],
  ['semaphore:1', 'hold'],
  ['bounded:1', 'hold'],
  ['undo:1', 'tryHold'],
]

/** Programs of `threads` agents that go on forever, each stopping where it likes. */
export function endlessPrograms(threads: number): Program[] {
  return ENDLESS.map(([subject, ...segments]) => {
    const agents = Array.from({ length: threads }, (_, i) => segments[i % segments.length]!)
    return parseProgram([subject, ...agents, 'endless'].join('/'))
  })
}

/**
 * Explores each program in its share of the time, until one fails, and prints a line for each. It answers
 * with the exit code.
 */
export async function explorePrograms(
  programs: readonly Program[],
  strategies: readonly Strategy[],
  budgetMs: number,
  output: Output,
): Promise<number> {
  const deadline = performance.now() + budgetMs
  const done: ExploredProgram[] = []
  const explorer = new ProgramExplorer()
  for (const [i, program] of programs.entries()) {
    const what = `${describeProgram(program)} (${i + 1} of ${programs.length})`
    const now = performance.now()
    const share = now + (deadline - now) / (programs.length - i)
    const budget = watched(budgetUntil(share), () => output.progress.show(() => what))
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const { result, failure } = await inMacrotask(() => {
      const searched = explorer.search(program, strategies, budget)
      const found = searched.finding === null ? null : exploredFailure(searched)
      return { result: searched, failure: found }
    })
    if (failure !== null) {
      output.say(`\n${describeExplored(failure).join('\n')}`)
      const text = `FAILED: ${failure.program}: ${failure.verdict}`
      return output.finish({
        verdict: 'violated',
        text,
        exitCode: 1,
        programs: done,
        failures: [failure],
      })
    }
    const explored = describe(result, strategies.length)
    done.push(explored)
    const { program: name, complete, covered, ms } = explored
    output.say(`${name}: ${complete ? '' : 'NOT DONE: '}${covered} (${seconds(ms)})`)
  }
  const cut = done.filter(({ complete }) => !complete).length
  if (cut === 0) {
    const text = `HELD: every law, in ${programs.length} programs`
    return output.finish({ verdict: 'held', text, exitCode: 0, programs: done })
  }
  const text = `NOT DONE: the budget ran out for ${cut} of ${programs.length} programs`
  output.say(text)
  return output.finish({ verdict: 'not done', text, exitCode: 3, programs: done })
}

function watched(budget: Budget, tick: () => void): Budget {
  return {
    ...budget,
    over: () => {
      tick()
      return budget.over()
    },
  }
}

function describe({ program, outcomes }: Search, strategies: number): ExploredProgram {
  const last = outcomes.at(-1)!
  const complete = last.complete && outcomes.length === strategies
  const earlier = outcomes.findLast((outcome) => outcome.complete)
  const before = complete || earlier === undefined ? '' : `; before that ${earlier.covered}`
  return {
    program: describeProgram(program),
    complete,
    covered: complete ? last.covered : `${last.strategy}: ${last.covered}${before}`,
    states: last.states,
    ms: outcomes.reduce((sum, outcome) => sum + outcome.ms, 0),
  }
}
