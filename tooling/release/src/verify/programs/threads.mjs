// @ts-nocheck: it runs somewhere else
/** Thread scope: two threads, one lock, a counter that would tear. The program prints what it saw. */
import { Worker, isMainThread, workerData } from 'node:worker_threads'
import { once } from 'node:events'
import { load } from '@ipc/native'
import { processScope, SharedMemory } from '@ipc/core'
import { Lock } from '@ipc/lock'

const ROUNDS = 2000

function count(lock, numbers) {
  for (let i = 0; i < ROUNDS; i++) {
    lock.with(() => {
      const [high, low] = numbers
      numbers[0] = high + 1
      numbers[1] = low + 1
    })
  }
}

if (isMainThread) {
  const lock = new Lock()
  const memory = new SharedMemory({ byteLength: 8 })
  const numbers = new Int32Array(memory.buffer)
  const shared = { lock: lock.handle, memory: memory.handle }
  const worker = new Worker(new URL(import.meta.url), { workerData: shared })
  const end = once(worker, 'exit')
  count(lock, numbers)
  await end
  const native = load()
  console.log(process.arch, 'reason' in native ? native.reason : 'loaded')
  console.log(processScope.reason)
  console.log([...numbers].join(' '))
} else {
  count(Lock.from(workerData.lock), new Int32Array(SharedMemory.from(workerData.memory).buffer))
}
