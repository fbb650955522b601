// Thread scope in any runtime with Web Workers: this thread, which never blocks, and two workers, which
// do. The program sends what it saw to whoever runs it.
import { SharedMemory } from '@ipc/core'
import { Lock, RWLock } from '@ipc/lock'
import { Semaphore } from '@ipc/semaphore'
import { Barrier, Condition, Event } from '@ipc/sync'

const TIMES = 2000

async function run() {
  const memory = new SharedMemory({ byteLength: 16 })
  const counter = new Int32Array(memory.buffer)
  const lock = new Lock()
  const objects = {
    memory,
    lock,
    rwlock: new RWLock(),
    finished: new Semaphore(0),
    start: new Event(),
    changed: new Condition(lock),
    barrier: new Barrier(3),
  }
  const handles = Object.fromEntries(Object.entries(objects).map(([name, it]) => [name, it.handle]))
  const workers = [0, 1].map(() => {
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' })
    // oxlint-disable-next-line require-post-message-target-origin -- a worker has none
    worker.postMessage({ handles, times: TIMES })
    return worker
  })
  objects.start.set()
  const { index } = await objects.barrier.waitAsync()
  for (let i = 0; i < TIMES; i++) await lock.withAsync(() => void counter[0]++)
  await lock.withAsync((guard) => objects.changed.waitForAsync(guard, () => counter[1] === 2))
  for (const _ of workers) await objects.finished.acquireAsync()
  for (const worker of workers) worker.terminate()
  return {
    counter: counter[0],
    expected: 3 * TIMES,
    index: index >= 0 && index < 3,
    isolated: globalThis.crossOriginIsolated ?? null,
    free: lock.inspect().locked === false,
    processScope: tryProcessScope(),
  }
}

function tryProcessScope() {
  try {
    Lock.create().close()
    return 'works'
  } catch (error) {
    return error.code
  }
}

const report = run().catch((error) => ({ error: String(error?.stack ?? error) }))
if (typeof document === 'object') globalThis.result = report
else console.log(JSON.stringify(await report))
