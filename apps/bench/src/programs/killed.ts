import { setTimeout as sleep } from 'node:timers/promises'
import { once } from 'node:events'
import type { ProcessKind } from '../kinds/kind.ts'
import { nowNs, type Shared } from './shared.ts'
import { endOf } from './sides.ts'
import { enter, processKind, type Work } from './work.ts'

/** The longest delay that a timer can have. */
const FOR_EVER_MS = 0x7fffffff

const OWNER = 0
const HEIR = 1

/** ns from just before kill -9 of the owner until the process that slept for the lock has it. */
export const killed: Work = {
  async lead({ options: { rounds }, shared, start }) {
    const heir = start(HEIR)
    await shared.go(1) // some kinds take the lock while they open it
    const samples: number[] = []
    for (let i = 0; i < rounds; i++) {
      const owner = start(OWNER)
      await shared.awaitPhase(2)
      await sleep(10)
      const begin = nowNs()
      owner.kill('SIGKILL')
      await once(owner, 'exit')
      await shared.awaitPhase(3)
      samples.push(shared.stamped - begin)
    }
    await endOf(heir)
    return { samples, correct: shared.isCorrect(rounds) }
  },

  async side({ me, where, options, shared }) {
    const kind = processKind(options)
    if (me === OWNER) {
      await own(kind, where, shared)
    }
    const lock = await kind.open(where)
    await shared.ready()
    for (let i = 0; i < options.rounds; i++) {
      await shared.awaitPhase(1)
      shared.phase = 2
      await enter(lock, () => {
        shared.stamp()
        shared.criticalSection(me)
      })
      shared.phase = 3
    }
  },
}

/** Holds the lock until the process is killed. */
async function own(kind: ProcessKind, where: string, shared: Shared): Promise<void> {
  if (kind.blocks) {
    const lock = await kind.open(where)
    lock.enter(() => {
      shared.phase = 1
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })
  } else {
    const lock = await kind.open(where)
    await lock.enter(async () => {
      shared.phase = 1
      await sleep(FOR_EVER_MS)
    })
  }
}
