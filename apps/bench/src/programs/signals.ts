import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { kill, signal } from '@ipc/signals'
import { nowNs } from './shared.ts'
import { endOf } from './sides.ts'
import type { Work } from './work.ts'

const WARM_UP = 1000

/** How signals are sent and heard. */
const kinds = {
  ours: {
    send: (pid: number): void => kill(pid, 'SIGUSR1'),
    on: (handler: () => void): void => void signal('SIGUSR1', handler),
  },
  node: {
    send: (pid: number): void => void process.kill(pid, 'SIGUSR1'),
    on: (handler: () => void): void => void process.on('SIGUSR1', handler),
  },
}

/** Two processes, kill → handler → kill: ns per round trip. The phase tells the pids. */
export const signals: Work = {
  async lead({ options: { rounds }, shared, start }) {
    const first = start(0)
    shared.phase = first.pid!
    const second = start(1)
    await Promise.all([endOf(first), endOf(second)])
    const correct = shared.isCorrect(2 * (rounds + WARM_UP))
    return { value: shared.samples(1)[0]! / rounds, correct }
  },

  async side({ me, options, shared }) {
    const { send, on } = kinds[options.kind as keyof typeof kinds]
    const total = options.rounds + WARM_UP
    let got = 0
    let begin = 0
    let end: () => void
    const ended = new Promise<void>((resolve) => (end = resolve))
    let peer = me === 1 ? shared.phase : 0
    on(() => {
      shared.criticalSection(me)
      got++
      if (me === 0 && got === WARM_UP) begin = nowNs()
      if (me === 1 || got < total) send(peer)
      if (got === total) end()
    })
    const alive = setInterval(() => {}, 1000)
    if (me === 0) {
      while (shared.phase === 0 || shared.phase === process.pid) await sleep(1)
      peer = shared.phase
      send(peer)
    } else {
      shared.phase = process.pid
    }
    await ended
    clearInterval(alive)
    if (me === 0) shared.sample(0, nowNs() - begin)
  },
}
