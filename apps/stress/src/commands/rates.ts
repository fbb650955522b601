import { cpuUsage } from 'node:process'
import { parseArgs } from 'node:util'
import {
  Automata,
  budgetUntil,
  complete,
  inMacrotask,
  Machine,
  Merger,
  type Outcome,
  random,
  type Strategy,
} from '@ipc/explorer/engine'
import { modelOf, parseProgram } from '../subjects/program.ts'
import { Output, OUTPUT_HELP, OUTPUT_OPTIONS } from '../report/output.ts'
import { count } from '../report/table.ts'
import { durationMs, seedOf, usage } from '../usage.ts'

export const summary = 'how fast the explorer is on this machine'

const HELP = `usage: stress rates [options]

Runs random schedules of some programs, and makes complete state graphs of others. A schedule is one
complete run, with monitors on. Processor time is what this process had; wall time is longer when
others use the machine, too.

  --for 3s           of processor time, for random schedules of each program
  --seed N           the same random schedules again
${OUTPUT_HELP}
`

const SAMPLED = ['lock/hold/hold', 'lock/hold,hold/hold,hold/hold,hold', 'semaphore:1/hold/hold']
const GRAPHS = [
  'lock/hold/hold/hold',
  'semaphore:1/hold/hold/hold',
  'lock/hold/hold/endless',
  'lock/try/try/try/try/endless',
  'semaphore:1/hold/hold/hold/hold/endless',
]
const GRAPH_MS = 120_000

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = usage(() =>
    parseArgs({
      args: [...argv],
      options: {
        for: { type: 'string', default: '3s' },
        seed: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        ...OUTPUT_OPTIONS,
      },
    }),
  )
  if (values.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const eachMs = durationMs('--for', values.for)
  const seed = seedOf(values.seed)
  const output = new Output('rates', argv, values)
  return inMacrotask(() => {
    for (const program of SAMPLED) {
      // First the explorer learns what the code does, so that this does not count.
      const warmUp = [random(seed, 100_000)]
      const { outcome, wallMs, cpuMs } = measure(program, warmUp, random(seed + 1), eachMs)
      const { schedules, steps } = outcome
      const per = (n: number, ms: number): string => count(Math.round((n * 1000) / ms))
      output.say(
        `${program.padEnd(41)}${per(schedules, cpuMs)} schedules and ${per(steps, cpuMs)} steps per ` +
          `second of processor time; ${per(schedules, wallMs)} schedules per second`,
      )
    }
    let isComplete = true
    for (const program of GRAPHS) {
      const { outcome, wallMs, cpuMs } = measure(program, [], complete, GRAPH_MS)
      if (!outcome.complete) isComplete = false
      const time = `${Math.round(cpuMs)} ms of processor time, ${Math.round(wallMs)} ms`
      output.say(`${program.padEnd(41)}${outcome.covered}; ${time}`)
    }
    const exitCode = isComplete ? 0 : 3
    const verdict = isComplete ? 'held' : 'not done'
    return output.finish({ verdict, text: 'rates', exitCode, seed })
  })
}

function measure(
  text: string,
  warmUp: readonly Strategy[],
  strategy: Strategy,
  ms: number,
): { outcome: Outcome; wallMs: number; cpuMs: number } {
  const start = performance.now()
  const cpu = cpuUsage()
  const machine = new Machine(modelOf(parseProgram(text)), new Automata(new Merger()))
  for (const first of warmUp) first.search(machine, budgetUntil(Infinity))
  const isWarm = warmUp.length > 0
  const [from, used] = isWarm ? [performance.now(), cpuUsage()] : [start, cpu]
  const budget = { ...budgetUntil(Infinity), over: () => cpuMsSince(used) >= ms }
  const outcome = strategy.search(machine, budget)
  if (outcome.finding !== null) throw new Error(`${text}: ${outcome.finding.verdict}`)
  return { outcome, wallMs: performance.now() - from, cpuMs: cpuMsSince(used) }
}

function cpuMsSince(earlier: NodeJS.CpuUsage): number {
  const { user, system } = cpuUsage(earlier)
  return (user + system) / 1000
}
