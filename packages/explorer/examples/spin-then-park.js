/**
 * A mutex that spins a little before it sleeps, and one with a bug. Run it: `node spin-then-park.js`
 * prints what `check` says of both.
 */
import { check } from '@ipc/explorer'

const FREE = 0
const HELD = 1
const CONTENDED = 2

class SpinThenPark {
  /** @param {import('@ipc/core/author').Memory} memory */
  constructor(memory) {
    this.memory = memory
  }

  lock() {
    for (let spin = 0; spin < 3; spin++) {
      if (this.memory.compareExchange(0, FREE, HELD) === FREE) return
    }
    while (this.memory.exchange(0, CONTENDED) !== FREE) {
      this.memory.park(0, CONTENDED, Infinity, this.memory.arm())
    }
  }

  unlock() {
    if (this.memory.exchange(0, FREE) === CONTENDED) this.memory.unpark(0, 1)
  }
}

/**
 * It checks whether somebody sleeps before it lets go: a thread that falls asleep in between sleeps forever.
 */
class LooksTooEarly extends SpinThenPark {
  unlock() {
    const isContended = this.memory.load(0) === CONTENDED
    this.memory.store(0, FREE)
    if (isContended) this.memory.unpark(0, 1)
  }
}

/** @type {import('@ipc/explorer').ThreadCode<SpinThenPark>} */
function hold(mutex, thread) {
  mutex.lock()
  thread.enter()
  thread.leave()
  mutex.unlock()
}

for (const Mutex of [SpinThenPark, LooksTooEarly]) {
  const report = check({
    words: 1,
    open: (memory) => new Mutex(memory),
    threads: [hold, hold, hold],
    names: ['state'],
    show: (_, value) => ['FREE', 'HELD', 'CONTENDED'][value] ?? String(value),
  })
  console.log(`${Mutex.name}\n${String(report)}\n`)
}
