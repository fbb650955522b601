/** queued KIND [n=10] [rounds=1000]: ns per hand-over while n calls of one thread are queued. */
import { setImmediate as turn } from 'node:timers/promises'
import process from 'node:process'
import { taskKinds, type TaskExclusion } from '../kinds/tasks.ts'
import { parseOptions } from './options.ts'
import { median } from '../run/statistics.ts'
import { nowNs } from './shared.ts'

/** The median of them counts: in some the collector runs, or the system has other things to do. */
const BATCHES = 15

const { kind, n, rounds } = parseOptions(process.argv.slice(2))
const lock = await taskKinds[kind]!()

const correct = await excludes(lock)
await handOver(rounds) // warms up
const costs: number[] = []
for (let i = 0; i < BATCHES; i++) {
  const times = Math.ceil(rounds / BATCHES)
  const begin = nowNs()
  await handOver(times)
  costs.push((nowNs() - begin) / times)
}
console.log(JSON.stringify({ value: median(costs), correct }))
process.exit(0)

async function handOver(times: number): Promise<void> {
  const left = { times }
  const body = (): void => void left.times--
  const task = async (): Promise<void> => {
    while (left.times > 0) await lock.run(body)
  }
  // One holds it, n wait.
  await Promise.all(Array.from({ length: n + 1 }, task))
}

/** The torn counter, across turns of the event loop. */
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
