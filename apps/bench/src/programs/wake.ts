import { setTimeout as sleep } from 'node:timers/promises'
import type { AsyncExclusion, BlockingExclusion, ProcessKind } from '../kinds/kind.ts'
import { nowNs, type Shared } from './shared.ts'
import { nap } from './nap.ts'
import { endOf } from './sides.ts'
import { enter, processKind, type Work } from './work.ts'

/** How long the other side has slept when it is woken. */
export const ASLEEP_MS = 2

/** Both sides contend before anything is timed, so that V8 has compiled the code that sleeps and wakes. */
const WARM_UP_NS = 400e6
const DWELL_NS = 20_000

const WARM = 9

/** ns from just before release until the process that slept for the lock runs. */
export const wake: Work = {
  async lead({ options: { rounds }, shared, start }) {
    const sides = [0, 1].map(start)
    await shared.go(2)
    await Promise.all(sides.map(endOf))
    return { samples: shared.samples(rounds), correct: shared.isCorrect(rounds) }
  },

  async side({ me, where, options, shared }) {
    const kind = processKind(options)
    const { lock, hold } = await open(kind, where, shared)
    await shared.ready() // some kinds take the lock while they open it
    await warmUp(me, lock, shared)
    for (let i = 0; i < options.rounds; i++) {
      if (me === 0) {
        await hold()
        await shared.awaitPhase(3)
      } else {
        await shared.awaitPhase(1)
        shared.phase = 2
        await enter(lock, () => {
          shared.sampleNow(i)
          shared.criticalSection(me)
        })
        shared.phase = 3
      }
    }
  },
}

async function open(
  kind: ProcessKind,
  where: string,
  shared: Shared,
): Promise<{ lock: AsyncExclusion | BlockingExclusion; hold: () => void | Promise<void> }> {
  if (kind.blocks) {
    const lock = await kind.open(where)
    return { lock, hold: () => lock.enter(() => holdBlocking(shared)) }
  }
  const lock = await kind.open(where)
  return { lock, hold: () => lock.enter(() => holdAsync(shared)) }
}

function holdBlocking(shared: Shared): void {
  shared.phase = 1
  while (shared.phase !== 2) nap(1)
  nap(ASLEEP_MS)
  shared.stamp()
}

async function holdAsync(shared: Shared): Promise<void> {
  shared.phase = 1
  await shared.awaitPhase(2)
  await sleep(ASLEEP_MS)
  shared.stamp()
}

async function warmUp(
  me: number,
  lock: AsyncExclusion | BlockingExclusion,
  shared: Shared,
): Promise<void> {
  for (const end = nowNs() + WARM_UP_NS; nowNs() < end;) await enter(lock, dwell)
  if (me === 1) shared.phase = WARM
  else await shared.awaitPhase(WARM) // or one would hold the lock while the other waits for it
}

/** Spins for long enough that the other side falls asleep. */
function dwell(): void {
  for (const end = nowNs() + DWELL_NS; nowNs() < end;);
}
