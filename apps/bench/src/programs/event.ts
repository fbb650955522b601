import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Event } from '@ipc/sync'
import { endOf } from './sides.ts'
import { ASLEEP_MS } from './wake.ts'
import type { Work } from './work.ts'

/** ns from just before `set` until the process that waited for the event runs. */
export const event: Work = {
  async lead({ options: { rounds }, shared, start }) {
    await Promise.all([0, 1].map((me) => endOf(start(me))))
    return { samples: shared.samples(rounds), correct: shared.isCorrect(rounds) }
  },

  async side({ me, where, options: { kind, rounds }, shared }) {
    const flag = Event.open(basename(where))
    const blocks = kind === 'ours'
    for (let i = 0; i < rounds; i++) {
      if (me === 0) {
        await shared.awaitPhase(2)
        await sleep(ASLEEP_MS)
        shared.stamp()
        flag.set()
        await shared.awaitPhase(3)
        flag.clear()
        shared.phase = 1
      } else {
        shared.phase = 2
        if (blocks) flag.wait()
        else await flag.waitAsync()
        shared.sampleNow(i)
        shared.criticalSection(me)
        shared.phase = 3
        await shared.awaitPhase(1)
      }
    }
  },
}
