// A pool of worker threads that take numbers from one counter and add up what they find.
import { once } from 'node:events'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { SharedMemory } from '@ipc/core'
import { Lock } from '@ipc/lock'

const LAST = 10_000
const NEXT = 0
const SUM = 1

if (isMainThread) {
  const lock = new Lock()
  const memory = new SharedMemory({ byteLength: 16 })
  const workers = Array.from(
    { length: 4 },
    () =>
      new Worker(new URL(import.meta.url), {
        workerData: { lock: lock.handle, memory: memory.handle },
      }),
  )
  await Promise.all(workers.map((worker) => once(worker, 'exit')))
  const shared = new Float64Array(memory.buffer)
  console.log(`the numbers from 1 to ${shared[NEXT]} add up to ${shared[SUM]}`)
} else {
  const lock = Lock.from(workerData.lock)
  const shared = new Float64Array(SharedMemory.from(workerData.memory).buffer)
  const takeOne = () => lock.with(() => (shared[NEXT] < LAST ? ++shared[NEXT] : 0))
  let mine = 0
  for (let number = takeOne(); number > 0; number = takeOne()) mine += number
  lock.with(() => (shared[SUM] += mine))
}

//> the numbers from 1 to 10000 add up to 50005000
