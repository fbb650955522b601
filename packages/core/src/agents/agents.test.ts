/** People are told who an agent is, and never told of one that has its place now. */
import { mkdtempSync, rmSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { load, type Native, type NativeDomain } from '@ipc/native'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RegisteredAgents } from './agents.ts'
import { describeWho } from './who.ts'

const GENERATION_BITS = 18
/** In the registry's header: the next slot, in turn. */
const NEXT_SLOT = 26

let directory: string
let native: Native
let domain: NativeDomain
let registry: Int32Array
let agents: RegisteredAgents

beforeEach(() => {
  directory = mkdtempSync('/dev/shm/ipc-agents-')
  const loaded = load()
  if ('reason' in loaded) throw new Error(loaded.reason)
  native = loaded
  domain = native.openDomain(directory, 0, 2, true)
  registry = new Int32Array(native.registry(domain.index))
  agents = new RegisteredAgents(native, domain)
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const slotOf = (agent: number): number => agent >>> GENERATION_BITS
const wordOf = (agent: number, word: 'pid' | 'pidNamespace' | 'described'): number =>
  native.layout.slots + slotOf(agent) * native.layout.slotWords + native.layout[word]

/** The agent of a thread that has ended. */
async function departed(): Promise<number> {
  const source = `
    const { parentPort, threadId, workerData } = require('node:worker_threads')
    import(workerData.path).then(({ load }) =>
      parentPort.postMessage(load().openDomain(workerData.directory, threadId, 2, true).self))`
  const workerData = { path: import.meta.resolve('@ipc/native'), directory }
  const worker = new Worker(source, { eval: true, execArgv: [], workerData })
  const [agent] = (await once(worker, 'message')) as [number]
  await once(worker, 'exit')
  return agent
}

test('one that is dead is known until another agent has its slot, and then nobody is named for it', async () => {
  const first = await departed()
  const known = agents.info(first)
  expect(known).toMatchObject({ pid: process.pid, alive: false })
  expect(known.threadId).toBeGreaterThan(0)
  expect(agents.told(first)).toEqual({ command: null, waits: [] })

  Atomics.store(registry, NEXT_SLOT, slotOf(first) - 1)
  const second = await departed()
  expect(slotOf(second)).toBe(slotOf(first))
  expect(second).not.toBe(first)
  expect(agents.info(first)).toEqual({ pid: 0, threadId: 0, alive: false })
  expect(agents.told(first)).toBe(null)
  expect(agents.info(second)).toMatchObject({ pid: process.pid, alive: false })
})

test('a slot that is claimed while it is read names nobody', () => {
  const me = domain.self
  expect(agents.info(me)).toEqual({ pid: process.pid, threadId: 0, alive: true })
  const at = wordOf(me, 'described')
  const generation = Atomics.load(registry, at)
  const steps = [0, generation + 2] // as agent.c writes them, before the slot's generation changes
  for (const step of steps) {
    const read = (): string => {
      Atomics.store(registry, at, step)
      return 'half of the one and half of the other'
    }
    expect(agents.whenDescribed(me, read)).toBe(null)
    expect(agents.whenDescribed(me, () => 'the other')).toBe(null)
    Atomics.store(registry, at, generation)
    expect(agents.whenDescribed(me, () => 'me')).toBe('me')
  }
})

test('the pid of another pid namespace is said to be one', () => {
  const at = wordOf(domain.self, 'pidNamespace')
  const own = Atomics.load(registry, at)
  expect(own).toBe(native.pidNamespace())
  expect(own).not.toBe(0)
  Atomics.store(registry, at, own + 1)
  Atomics.store(registry, wordOf(domain.self, 'pid'), 7)
  const info = agents.info(domain.self)
  expect(info).toEqual({ pid: 7, threadId: 0, alive: true, foreign: true })
  expect(describeWho(info)).toBe('pid 7 of another namespace, thread 0')
  expect(describeWho({ pid: 7, threadId: 2, alive: true })).toBe('pid 7, thread 2')
  expect(describeWho({ pid: 0, threadId: 0, alive: false })).toContain('nobody knows')
})
