// The main thread of a page may not block: it awaits. Its workers block.
import { SharedMemory } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { Barrier } from '@ipc/sync'

const TIMES = 50_000
const WORKERS = 2
const EXPECTED = TIMES * (WORKERS + 1)

async function run() {
  const lock = new Lock()
  const barrier = new Barrier(WORKERS + 1)
  const memory = new SharedMemory({ byteLength: 8 })
  const counters = new Int32Array(memory.buffer)

  const handles = { lock: lock.handle, barrier: barrier.handle, memory: memory.handle }
  const workers = Array.from({ length: WORKERS }, () => {
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' })
    // oxlint-disable-next-line require-post-message-target-origin -- a worker has none
    worker.postMessage({ handles, times: TIMES })
    return worker
  })

  await barrier.waitAsync() // all are here: now they count at once
  for (let i = 0; i < TIMES; i++) counters[0]++
  for (let i = 0; i < TIMES; i++) await lock.withAsync(() => counters[1]++)
  await barrier.waitAsync() // all have finished
  for (const worker of workers) worker.terminate()

  return { without: counters[0], with: counters[1], expected: EXPECTED }
}

/** A program that opens the page can await this, too. */
globalThis.result = run()

const show = (element, text) => (element.textContent = text)
try {
  const result = await globalThis.result
  const formatted = (number) => number.toLocaleString('en')
  show(document.querySelector('#without'), formatted(result.without))
  show(document.querySelector('#with'), formatted(result.with))
  for (const cell of document.querySelectorAll('.expected')) show(cell, formatted(result.expected))
} catch (error) {
  const hint = globalThis.crossOriginIsolated ? '' : ' (the page is not cross-origin isolated)'
  show(document.querySelector('#said'), `${error}${hint}`)
}
