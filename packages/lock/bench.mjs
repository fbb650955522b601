/**
 * What an uncontended lock costs, beside the least that it could: one compare-and-exchange to take
 * and one to give back. In turns, so that all meet the same machine; medians and the ratio.
 *
 *   pnpm --filter @ipc/lock bench [rounds]
 */
import process from 'node:process'
import { Lock } from '@ipc/lock'

const ROUNDS = Number(process.argv[2] ?? 31)
const PAIRS = 1_000_000
const AWAITS = 200_000
const MUST = { ratio: 1.5, acquireAsyncNs: 200 }

const words = new Int32Array(new SharedArrayBuffer(8))
const bare = () => {
  for (let i = 0; i < PAIRS; i++) {
    if (Atomics.compareExchange(words, 0, 0, 7) !== 0) throw new Error('not free')
    if (Atomics.compareExchange(words, 0, 7, 0) !== 7) throw new Error('not mine')
  }
}

/** @param {Lock} lock */
const pairs = (lock) => () => {
  for (let i = 0; i < PAIRS; i++) lock.acquire().release()
}

/** @param {Lock} lock */
const awaits = (lock) => async () => {
  for (let i = 0; i < AWAITS; i++) (await lock.acquireAsync()).release()
}

const empty = async () => {
  for (let i = 0; i < AWAITS; i++) (await Promise.resolve(object)).release()
}
const object = { release() {} }

const threadLock = new Lock()
const processLock = Lock.create()

/** @type {{ name: string, work: () => void | Promise<void>, times: number, ns: number[] }[]} */
const cases = [
  { name: 'bare CAS pair', work: bare, times: PAIRS, ns: [] },
  { name: 'acquire + release, thread scope', work: pairs(threadLock), times: PAIRS, ns: [] },
  { name: 'acquire + release, process scope', work: pairs(processLock), times: PAIRS, ns: [] },
  { name: 'await of a resolved promise', work: empty, times: AWAITS, ns: [] },
  { name: 'await acquireAsync + release, thread', work: awaits(threadLock), times: AWAITS, ns: [] },
  {
    name: 'await acquireAsync + release, process',
    work: awaits(processLock),
    times: AWAITS,
    ns: [],
  },
]

for (let round = -3; round < ROUNDS; round++) {
  for (const { work, times, ns } of cases) {
    const start = performance.now()
    await work()
    const elapsed = (performance.now() - start) * 1e6
    if (round >= 0) ns.push(elapsed / times) // the first rounds warm up
  }
}

/** @param {number[]} list */
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1] ?? Number.NaN

const least = median(cases[0]?.ns ?? [])
for (const { name, ns } of cases) {
  const ratio = (median(ns) / least).toFixed(2)
  const spread = `${Math.min(...ns).toFixed(1)}–${Math.max(...ns).toFixed(1)}`
  const row = [median(ns).toFixed(1).padStart(7), 'ns', `${ratio} ×`.padStart(8), ` (${spread})`]
  console.log(name.padEnd(38), ...row)
}

/** @param {string} what @param {boolean} ok */
const verdict = (what, ok) => {
  console.log(`${ok ? 'ok  ' : 'MISS'}  ${what}`)
  if (!ok) process.exitCode = 1
}
/** Per round, because the machine changes between rounds. @param {number} i */
const ratioOf = (i) => median((cases[i]?.ns ?? []).map((ns, n) => ns / (cases[0]?.ns[n] ?? 1)))
for (const i of [1, 2]) {
  const ratio = ratioOf(i)
  verdict(
    `${cases[i]?.name}: ${ratio.toFixed(2)} × the bare pair, at most ${MUST.ratio}`,
    ratio <= MUST.ratio,
  )
}
for (const i of [4, 5]) {
  const ns = median(cases[i]?.ns ?? [])
  verdict(
    `${cases[i]?.name}: ${ns.toFixed(0)} ns, at most ${MUST.acquireAsyncNs}`,
    ns <= MUST.acquireAsyncNs,
  )
}
processLock.close()
