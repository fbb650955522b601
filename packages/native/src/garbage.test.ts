/** Stray writes into the registry: what they may break, and what they must not. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { load, type Native } from './index.ts'

const INDEX = fileURLToPath(new URL('../dist/index.js', import.meta.url))
const OWNER_DIED = 0x40000000
const [MADE_IF_ABSENT, JOINED] = [2, true] as const
/** Two words each: the links of a robust mutex of glibc; other libraries have them within the room too. */
const ROOM_WORDS = 12

let native: Native
let directories: string[]
let children: ChildProcess[]

beforeEach(() => {
  const loaded = load()
  if ('reason' in loaded) throw new Error(loaded.reason)
  native = loaded
  children = []
  directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'ipc-garbage-')))
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** Joins the directories in order; then runs a line of JavaScript for each line of its input. */
async function hire(): Promise<{
  agents: number[]
  perform: (line: string) => Promise<void>
  child: ChildProcess
}> {
  const program = `
    import { createInterface } from 'node:readline'
    import { load } from ${JSON.stringify(INDEX)}
    const native = load()
    const domains = process.argv.slice(1).map((directory) => native.openDomain(directory, 0, 2, true))
    console.log(domains.map(({ self }) => self).join(' '))
    const request = {
      file: 'some.thing', kind: 'some', create: true, anonymous: false, hasOptions: true, words: 4,
      options: [0, 0, 0, 0], id: null,
    }
    for await (const line of createInterface(process.stdin)) console.log(eval(line))
  `
  const argv = ['--input-type=module', '--eval', program, ...directories]
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const [joined] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    agents: String(joined).trim().split(' ').map(Number),
    child,
    perform: async (line) => {
      child.stdin.write(`${line}\n`)
      await once(child.stdout, 'data')
    },
  }
}

const slotOf = (agent: number): number => (agent >>> 18) & 0xfff

function overwrite(directory: string, slot: number, word: number, values: readonly number[]): void {
  const fd = openSync(join(directory, '.registry'), 'r+')
  const { slots, slotWords } = native.layout
  writeSync(
    fd,
    Int32Array.from(values),
    0,
    values.length * 4,
    (slots + slot * slotWords + word) * 4,
  )
  closeSync(fd)
}

function load32(directory: string, slot: number, word: number): number {
  const { slots, slotWords } = native.layout
  return readFileSync(join(directory, '.registry')).readInt32LE(
    (slots + slot * slotWords + word) * 4,
  )
}

test('a slot whose mutex is garbage, whatever kind it says it is, is claimed as any other', () => {
  for (const directory of directories) native.openDomain(directory, 0, MADE_IF_ABSENT, JOINED)
  const liveness = native.layout.liveness
  for (const garbage of [-1, 0x7fffffff, 0x10, 0x30, 0x21, 0x61, 0x80, 0x100, 0x5a5a5a5a]) {
    for (const [word, value] of [
      [0, 0],
      [0, OWNER_DIED],
    ] as const) {
      for (let slot = 2; slot < 100; slot++) {
        const room = Array.from({ length: ROOM_WORDS }, () => garbage)
        room[liveness] = value + word
        overwrite(directories[0]!, slot, 0, room)
      }
      const program = `
        import { load } from ${JSON.stringify(INDEX)}
        console.log(load().openDomain(${JSON.stringify(directories[0])}, 0, 2, true).self)
      `
      const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
        encoding: 'utf8',
      })
      const slot = slotOf(Number(run.stdout))
      expect({ signal: run.signal, status: run.status }).toEqual({ signal: null, status: 0 })
      expect(slot).toBeGreaterThan(1)
      expect(load32(directories[0]!, slot, liveness) & OWNER_DIED).toBe(OWNER_DIED) // its death was seen
    }
  }
}, 300_000)

test('a bad link in one directory hides no death in another, once its thread has slept or opened', async () => {
  const [first, second] = directories.map((directory) =>
    native.openDomain(directory, 0, MADE_IF_ABSENT, JOINED),
  ) as [ReturnType<Native['openDomain']>, ReturnType<Native['openDomain']>]
  const { agents, perform, child } = await hire()
  const [older, newer] = agents as [number, number]
  const links = Array.from({ length: ROOM_WORDS }, (_, i) => i).filter(
    (i) => i !== native.layout.liveness,
  )
  for (const word of links) overwrite(directories[1]!, slotOf(newer), word, [0x5a5a5a5a])
  await perform('native.openDomain(process.argv[1], 0, 2, true).index')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(native.isDead(second.index, newer)).toBe(true)
  expect(native.isDead(first.index, older)).toBe(true)
})

test.each([0, -1, 0x12345, OWNER_DIED | 0x12345])(
  'a liveness word that became %i is put right by its thread, and its death is seen',
  async (garbage) => {
    const { index } = native.openDomain(directories[0]!, 0, MADE_IF_ABSENT, JOINED)
    const { agents, perform, child } = await hire()
    const slot = slotOf(agents[0]!)
    overwrite(directories[0]!, slot, native.layout.liveness, [garbage])
    await perform('native.openDomain(process.argv[1], 0, 2, true).index')
    expect(load32(directories[0]!, slot, native.layout.liveness) & 0x3fffffff).toBe(child.pid)
    expect(native.isDead(index, agents[0]!)).toBe(false)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(native.isDead(index, agents[0]!)).toBe(true)
  },
)

test('whoever watches an agent whose liveness word is garbage sleeps all the same, and can be woken', async () => {
  const { index } = native.openDomain(directories[0]!, 0, MADE_IF_ABSENT, JOINED)
  const { agents, perform } = await hire()
  await perform('globalThis.open = native.open(domains[0].index, request), 1')
  const request = { file: 'some.thing', kind: 'some', create: true, anonymous: false } as const
  const { external, buffer } = native.open(index, {
    ...request,
    hasOptions: true,
    words: 4,
    options: [0, 0, 0, 0],
    id: null,
  })
  const words = new Int32Array(buffer)
  const { data, roster, liveness } = native.layout
  overwrite(directories[0]!, slotOf(agents[0]!), liveness, [0])
  expect(native.park(external, data, 0, words[roster]!, 50, false, 0)).toBeGreaterThanOrEqual(0)
  const heard: number[] = []
  const realm = native.onWake((ids) => heard.push(...ids))
  native.holdRealm(realm, true)
  const id = native.ticket(external, data, 0, words[roster]!, realm, true)
  await delay(50)
  Atomics.store(words, data, 1)
  native.wake(external, data, 1)
  while (heard.length === 0) await delay(5)
  expect(heard.map(Math.abs)).toEqual([id])
  native.holdRealm(realm, false)
  native.close(external)
})
