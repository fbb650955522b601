// A counter that several processes write: done wrong, then right.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { SharedMemory } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { Barrier } from '@ipc/sync'

const PROCESSES = 4
const TIMES = 20
const lock = Lock.open('counter')
const memory = SharedMemory.open('counter', { byteLength: 16 })
const counter = new Float64Array(memory.buffer)
const start = Barrier.open('start', { parties: PROCESSES })

async function increment(which) {
  const before = counter[which]
  await delay(1) // something takes time here, and others may write meanwhile
  counter[which] = before + 1
}

if (process.argv[2] === 'child') {
  await start.waitAsync() // so that they really run together
  for (let i = 0; i < TIMES; i++) await increment(0)
  for (let i = 0; i < TIMES; i++) await lock.withAsync(() => increment(1))
} else {
  const children = Array.from({ length: PROCESSES }, () =>
    fork(new URL(import.meta.url), ['child']),
  )
  await Promise.all(children.map((child) => once(child, 'exit')))
  const [wrong, right] = counter
  console.log(`without a lock: ${wrong < PROCESSES * TIMES ? 'some were lost' : 'lucky'}`)
  console.log(`with a lock: ${right}`)
}

//> without a lock: some were lost
//> with a lock: 80
