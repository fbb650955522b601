import { setTimeout as sleep } from 'node:timers/promises'
import type { BlockingExclusion } from '../kinds/kind.ts'
import type { WorkResult } from './options.ts'
import { COUNTING, nowNs, type Shared, STOPPED, WARMING_UP } from './shared.ts'
import { endOf } from './sides.ts'
import { processKind, type Work } from './work.ts'

/** The time that V8 needs to compile the loop. */
const WARM_UP_MS = 300

/** n processes on one lock for some time: acquisitions and changes of owner per second. */
export const contend: Work = {
  async lead({ options: { n, ms }, shared, start }) {
    const sides = Array.from({ length: n }, (_, me) => start(me))
    await shared.go(n)
    return await count(shared, n, ms, () => Promise.all(sides.map(endOf)))
  },

  async side({ me, where, options, shared }) {
    const kind = processKind(options)
    const body = (): void => shared.criticalSection(me)
    if (kind.blocks) {
      const lock = await kind.open(where)
      await shared.ready()
      contendBlocking(shared, me, lock, body)
      return
    }
    const lock = await kind.open(where)
    await shared.ready()
    let times = 0
    let before = 0
    for (let state = WARMING_UP; state !== STOPPED; state = shared.state) {
      before = state === WARMING_UP ? times : before
      await lock.enter(body)
      times++
    }
    shared.done(me, times, times - before)
  },
}

export function contendBlocking(
  shared: Shared,
  me: number,
  lock: BlockingExclusion,
  body: () => void,
): void {
  let times = 0
  let before = 0 // the entries until it began to count
  for (let state = WARMING_UP; state !== STOPPED; state = shared.state) {
    before = state === WARMING_UP ? times : before
    lock.enter(body)
    times++
  }
  shared.done(me, times, times - before)
}

/** Lets the sides contend, and returns the result. */
export async function count(
  shared: Shared,
  sides: number,
  ms: number,
  end: () => Promise<unknown>,
): Promise<WorkResult> {
  await sleep(Math.min(ms, WARM_UP_MS))
  const begin = nowNs()
  shared.state = COUNTING
  const before = shared.switches
  await sleep(ms)
  const switches = shared.switches - before
  shared.state = STOPPED
  const seconds = (nowNs() - begin) / 1e9
  await end()
  const { times, counted } = shared.doneByAll(sides)
  return {
    value: counted / seconds,
    switches: switches / seconds,
    correct: shared.isCorrect(times),
  }
}
