// A semaphore between processes: at most two of four children are inside.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { SharedMemory } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { BoundedSemaphore } from '@ipc/semaphore'

const seats = BoundedSemaphore.open('seats', { value: 2 })
const lock = Lock.open('count')
const memory = SharedMemory.open('count', { byteLength: 8 })
const count = new Int32Array(memory.buffer) // how many are inside, and the most that ever were

if (process.argv[2] === 'child') {
  await seats.withAsync(async () => {
    lock.with(() => (count[1] = Math.max(count[1], ++count[0])))
    await delay(100)
    lock.with(() => count[0]--)
  })
} else {
  const children = Array.from({ length: 4 }, () => fork(new URL(import.meta.url), ['child']))
  await Promise.all(children.map((child) => once(child, 'exit')))
  console.log(count[1] <= 2 ? 'at most two were inside' : `${count[1]} were inside`)
  console.log(`${seats.value} seats are free again`)
}

//> at most two were inside
//> 2 seats are free again
