import { basename } from 'node:path'
import { Event } from '@ipc/sync'
import { nap } from './nap.ts'
import type { Shared } from './shared.ts'
import { endOf } from './sides.ts'
import { ASLEEP_MS } from './wake.ts'
import type { Work } from './work.ts'

/** Rounds before anything is timed: by then V8 has compiled the code that waits and sets. */
const WARM_UP = 1000
const GLANCE_MS = 0.05

/** ns from just before `set` until the process that waited for the event runs. */
export const event: Work = {
  async lead({ options: { rounds }, shared, start }) {
    await Promise.all([0, 1].map((me) => endOf(start(me))))
    return { samples: shared.samples(rounds), correct: shared.isCorrect(rounds) }
  },

  async side({ me, where, options: { kind, rounds }, shared }) {
    const flag = Event.open(basename(where))
    const blocks = kind === 'ours'
    for (let i = -WARM_UP; i < rounds; i++) {
      const isTimed = i >= 0
      if (me === 0) {
        awaitPhase(shared, 2)
        nap(isTimed ? ASLEEP_MS : GLANCE_MS)
        shared.stamp()
        flag.set()
        awaitPhase(shared, 3)
        flag.clear()
        shared.phase = 1
      } else {
        shared.phase = 2
        if (blocks) flag.wait()
        else await flag.waitAsync()
        if (isTimed) {
          shared.sampleNow(i)
          shared.criticalSection(me)
        }
        shared.phase = 3
        awaitPhase(shared, 1)
      }
    }
  },
}

/** It blocks, because on one CPU a turn of the setter's event loop would be part of what is timed. */
function awaitPhase(shared: Shared, phase: number): void {
  while (shared.phase !== phase) nap(GLANCE_MS)
}
