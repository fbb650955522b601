import { setTimeout as sleep } from 'node:timers/promises'
import { endOf } from './sides.ts'
import { nowNs, type Shared } from './shared.ts'
import { processKind, type Work } from './work.ts'

/** n processes on one lock for some time: acquisitions and changes of owner per second. */
export const contend: Work = {
  async lead({ options: { n, ms }, shared, start }) {
    const sides = Array.from({ length: n }, (_, me) => start(me))
    await shared.go(n)
    const begin = nowNs()
    await sleep(ms)
    shared.stop()
    const seconds = (nowNs() - begin) / 1e9
    await Promise.all(sides.map(endOf))
    return rates(shared, n, seconds)
  },

  async side({ me, where, options, shared }) {
    const kind = processKind(options)
    const body = (): void => shared.criticalSection(me)
    let times = 0
    if (kind.blocks) {
      const lock = await kind.open(where)
      await shared.ready()
      while (!shared.stopped) {
        lock.enter(body)
        times++
      }
    } else {
      const lock = await kind.open(where)
      await shared.ready()
      while (!shared.stopped) {
        await lock.enter(body)
        times++
      }
    }
    shared.done(me, times)
  },
}

export function rates(
  shared: Shared,
  sides: number,
  seconds: number,
): { value: number; switches: number; correct: boolean } {
  const done = shared.doneByAll(sides)
  return {
    value: done / seconds,
    switches: shared.switches / seconds,
    correct: shared.isCorrect(done),
  }
}
