import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { kill, pause, signal } from '@ipc/signals'
import { endOf } from './sides.ts'
import type { Work } from './work.ts'

/** After these round trips the compiler, which shares the CPU, has nothing left to do. */
const WARM_UP = 10_000

interface Kind {
  readonly send: (pid: number) => void
  readonly on: (handler: () => void) => void
  /** Waits by blocking the thread until a handler has run; otherwise in the event loop. */
  readonly block?: () => void
}

const inLoop: Kind = {
  send: (pid) => kill(pid, 'SIGUSR1'),
  on: (handler) => void signal('SIGUSR1', handler),
}

/** How signals are sent, heard and waited for. */
const kinds: Readonly<Record<string, Kind>> = {
  ours: { ...inLoop, block: () => void pause() },
  loop: inLoop,
  node: {
    send: (pid) => void process.kill(pid, 'SIGUSR1'),
    on: (handler) => void process.on('SIGUSR1', handler),
  },
}

/** Two processes, kill → handler → kill: ns of each round trip. The sides learn pids from the phase. */
export const signals: Work = {
  async lead({ options: { rounds }, shared, start }) {
    const first = start(0)
    shared.phase = first.pid!
    const second = start(1)
    await Promise.all([endOf(first), endOf(second)])
    const correct = shared.isCorrect(2 * (rounds + WARM_UP))
    return { samples: shared.samples(rounds), correct }
  },

  async side({ me, options, shared }) {
    const { send, on, block } = kinds[options.kind]!
    const total = options.rounds + WARM_UP
    const mine = { got: 0 }
    let last = performance.now()
    let end: () => void
    const ended = new Promise<void>((resolve) => (end = resolve))
    let peer = me === 1 ? shared.phase : 0
    on(() => {
      shared.criticalSection(me)
      mine.got++
      if (me === 0) last = shared.sampleTrip(mine.got - 1 - WARM_UP, last)
      if (me === 1 || mine.got < total) send(peer)
      if (mine.got === total) end()
    })
    const alive = setInterval(() => {}, 1000)
    if (me === 0) {
      while (shared.phase === 0 || shared.phase === process.pid) await sleep(1)
      peer = shared.phase
      send(peer)
    } else {
      shared.phase = process.pid
    }
    if (block !== undefined) while (mine.got < total) block()
    await ended
    clearInterval(alive)
  },
}
