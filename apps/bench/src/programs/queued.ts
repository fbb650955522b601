/** queued KIND [n=10] [rounds=1000]: ns per hand-over while n calls of one thread are queued. */
import { setImmediate as turn } from 'node:timers/promises'
import process from 'node:process'
import { taskKinds, type TaskExclusion } from '../kinds/tasks.ts'
import { parseOptions } from './options.ts'
import { median } from '../run/statistics.ts'
import { nowNs } from './shared.ts'

/** The median of the batches counts: in some the collector runs, or the system does other things. */
const BATCHES = 15

const { kind, n, rounds } = parseOptions(process.argv.slice(2))
const lock = await taskKinds[kind]!()

const correct = await excludes(lock)
await handOver(rounds) // warms up
const costs: number[] = []
for (let i = 0; i < BATCHES; i++) {
  costs.push(await handOver(Math.ceil(rounds / BATCHES)))
}
console.log(JSON.stringify({ value: median(costs), correct }))
process.exit(0)

/** @returns ns for each of `times` hand-overs, which are timed from when all calls have queued */
async function handOver(times: number): Promise<number> {
  const all = n + 1 // one holds it, n wait
  const run = { count: 0, begin: 0, end: 0 }
  const body = (): void => {
    run.count++
    if (run.count === all) run.begin = nowNs()
    if (run.count === all + times) run.end = nowNs()
  }
  const task = async (): Promise<void> => {
    while (run.end === 0) await lock.run(body)
  }
  await Promise.all(Array.from({ length: all }, task))
  return (run.end - run.begin) / times
}

/** Checks exclusion with the torn counter, whose two words are written in different turns of the loop. */
async function excludes(exclusion: TaskExclusion): Promise<boolean> {
  let first = 0
  let second = 0
  const body = async (): Promise<void> => {
    const before = first
    first = before + 1
    await turn()
    second = before + 1
  }
  await Promise.all(Array.from({ length: 20 }, () => exclusion.run(body)))
  return first === 20 && second === 20
}
