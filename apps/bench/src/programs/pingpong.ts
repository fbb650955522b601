import { Semaphore } from '@ipc/semaphore'
import { basename } from 'node:path'
import { endOf } from './sides.ts'
import type { Work } from './work.ts'

const WARM_UP = 2000

/** Two processes, two semaphores: ns of each round trip. */
export const pingpong: Work = {
  async lead({ options: { rounds }, shared, start }) {
    await Promise.all([0, 1].map((me) => endOf(start(me))))
    const correct = shared.isCorrect(2 * (rounds + WARM_UP))
    return { samples: shared.samples(rounds), correct }
  },

  async side({ me, where, options: { rounds, kind }, shared }) {
    const [mine, yours] = [me, 1 - me].map((side) =>
      Semaphore.open(`${basename(where)}.${side}`, { value: 0 }),
    ) as [Semaphore, Semaphore]
    const blocks = kind === 'ours'
    let last = performance.now()
    for (let i = -WARM_UP; i < rounds; i++) {
      if (me === 0) yours.release()
      if (blocks) mine.acquire()
      else await mine.acquireAsync()
      shared.criticalSection(me)
      if (me === 1) yours.release()
      else last = shared.sampleTrip(i, last)
    }
  },
}
