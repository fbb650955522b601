/**
 * A process dies before each single operation on the shared words, in everything that a client does:
 * every one that asks gets the lock, at most one is told, exactly if the dead one held it, the table is
 * whole, and nothing of the dead is left in it. Nobody looks at its words by itself.
 */
import { SharedMemory } from '@ipc/core'
import { Lock as Mutex } from '@ipc/lock'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Company,
  NIGHTLY,
  until,
  WATCHDOG_MS,
  within,
  type Actor,
} from '../../core/src/fixtures/actors.mjs'
import { Diary, DIARY_BYTES } from '../../core/src/fixtures/dying-memory.mjs'
import { check } from './table/check.ts'
import { Layout, sizesFor, USED_RESOURCES } from './table/layout.ts'
import { repair } from './table/repair.ts'
import { openTable } from './table/file.ts'
import { readTable, type SeenRequest } from './table/snapshot.ts'
import { Table } from './table/table.ts'

const FIXTURE = new URL('fixtures/client.mjs', import.meta.url)
/** By day it dies at every few steps, from a random one on: the explorer takes every one. */
const STRIDE = NIGHTLY ? 1 : 13
/** A repair clears a thousand buckets. */
const REPAIR_STRIDE = NIGHTLY ? 7 : 293
const MOST_STEPS = 2000

interface Scenario {
  readonly name: string
  /** Others wait for the lock that the victim has, or behind it. */
  readonly early?: boolean
  /** A survivor holds it meanwhile. */
  readonly held?: 'exclusive' | 'shared'
  /** Somebody died inside the mutex just before. */
  readonly abandoned?: boolean
}

const SCENARIOS: Scenario[] = [
  { name: 'request' },
  { name: 'request', held: 'exclusive' },
  { name: 'request shared', held: 'shared' },
  { name: 'request all' },
  { name: 'request all', held: 'exclusive' },
  { name: 'request a long name' },
  { name: 'ask if available', held: 'exclusive' },
  { name: 'steal', held: 'exclusive' },
  { name: 'query', held: 'exclusive' },
  { name: 'query', held: 'exclusive', abandoned: true },
  { name: 'request', abandoned: true },
  { name: 'release', early: true },
  { name: 'release a share', early: true },
  { name: 'abort', held: 'shared', early: true },
  { name: 'close' },
]

let company: Company
let survivors: Actor[]
let diary: Diary
let table: Table
let mutex: Mutex
const before = process.env['IPC_DIR']
beforeAll(async () => {
  company = new Company(FIXTURE, { ahead: 4, rechecks: false })
  process.env['IPC_DIR'] = company.directory
  diary = new Diary(SharedMemory.open('diary', { byteLength: DIARY_BYTES }).buffer)
  const place = openTable('stage')
  table = new Table(place.memory, new Layout(sizesFor(place.options[0]!)))
  mutex = new Mutex(place)
  survivors = await company.hireMany(2)
}, WATCHDOG_MS)
afterAll(async () => {
  await company.end()
  process.env['IPC_DIR'] = before
})

/** How many locks of a name an agent has; dead, it may be a tombstone already. */
function heldBy(agent: number, name: string): SeenRequest[] {
  const all = readTable(table.memory, table.layout)
  return all.filter((one) => one.agent === agent && one.name === name && one.held)
}

/** The faults of the table when nobody is inside. */
function wrong(): string[] {
  const guard = mutex.acquire()
  if (guard.abandoned) repair(table)
  table.sweep()
  const found = check(table)
  const { base, resources } = table.layout
  const used = table.memory.get(base + USED_RESOURCES)
  if (used > 8) found.push(`${used} names were used, from ${resources} on: some were lost`)
  guard.release()
  table.clients.wake()
  return found
}

let ids = 0

async function dieOnce(scenario: Scenario, step: number): Promise<boolean> {
  const { name, early = false, held, abandoned = false } = scenario
  const what = `${name}, before step ${step}`
  diary.clear()
  const victim = await company.hire()
  let release = (): Promise<unknown> => Promise.resolve()
  if (held !== undefined) {
    const id = ++ids
    await survivors[0]!.call('ask', id, 'n', { mode: held })
    await within(`${what}: the holder`, survivors[0]!.call('granted', id))
    const isStolen = name === 'steal'
    release = () => survivors[0]!.call(isStolen ? 'failure' : 'release', id)
  }
  const agent = (await within(`${what}: prepare`, victim.call('prepare', name))) as number
  let turns: Promise<unknown>[] = []
  const goOn = (): void => {
    turns = survivors.map((one) =>
      one.call('turn', 'n', name.includes('share') ? { mode: 'shared' } : {}),
    )
    for (const turn of turns) turn.catch(() => {})
  }
  if (early) {
    const isAsked = async (): Promise<boolean> =>
      ((await survivors[0]!.call('query')) as { pending: unknown[] }).pending.length >= 2
    if (name === 'abort') goOn()
    else turns = survivors.map((one) => one.call('turn', 'n'))
    await until(`${what}: others wait`, isAsked)
  }
  if (abandoned) {
    const inside = await company.hire()
    await inside.call('stayInside')
    await inside.kill()
  }
  const went = victim.call('go', name, step).then(
    () => true,
    (error: unknown) => {
      if (diary.diedAt === 0 && !victim.gone) throw error
      return false
    },
  )
  const finished = await within(`${what}: the victim`, went)
  const mine = heldBy(agent, 'n')
  if (finished) await victim.kill()
  await within(`${what}: the death`, victim.exited)
  const isThief = name === 'steal' && mine.length > 0
  if (held !== undefined && (name !== 'steal' || isThief)) {
    await within(`${what}: the holder lets go`, release())
  } else if (held !== undefined) {
    // Not robbed yet when the thief died.
    await survivors[0]!.call('release', ids).catch(() => {})
  }
  if (turns.length === 0) goOn()
  const told = (await within(`${what}: the survivors`, Promise.all(turns))) as {
    abandoned: boolean
  }[]
  const count = told.filter((one) => one.abandoned).length
  // Those that came early may have held it before this one checked.
  const owned = mine.filter(({ mode }) => mode === 'exclusive').length
  const isRight = early ? count <= 1 : count === Math.min(1, owned)
  expect({ what, count, isRight }).toEqual({ what, count, isRight: true })
  const rest = await survivors[1]!.call('query')
  expect({ what, rest }).toEqual({ what, rest: { held: [], pending: [] } })
  for (const other of ['m', 'o', 'n'.repeat(100)]) await survivors[1]!.call('turn', other) // tombstones
  expect({ what, wrong: wrong() }).toEqual({ what, wrong: [] })
  return finished
}

describe('a process that dies before any operation', () => {
  for (const scenario of SCENARIOS) {
    const { name, early, held, abandoned } = scenario
    const when = [
      held === undefined ? '' : `, held by another (${held})`,
      early === true ? ', others wait' : '',
      abandoned === true ? ', after a death inside' : '',
    ].join('')
    test(`${name}${when}: the others get the lock, and the table is whole`, async () => {
      const stride = abandoned === true ? REPAIR_STRIDE : STRIDE
      const first = 1 + Math.floor(Math.random() * stride)
      let step = first
      for (let survived = 0; survived < 1; step += stride) {
        if (await dieOnce(scenario, step)) survived++
        expect(step).toBeLessThan(MOST_STEPS)
      }
      expect(step).toBeGreaterThan(first)
      process.stdout.write(
        `  ${name}${when}: steps ${first}, ${first + stride} … ${step - stride}\n`,
      )
    }, 600_000)
  }
})
