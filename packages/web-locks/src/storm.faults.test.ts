/**
 * Processes that ask for locks in every way, killed at random moments: nobody is kept waiting, two are
 * never inside, the table is whole and nothing of the dead is left in it.
 */
import { SharedMemory } from '@ipc/core'
import { Lock as Mutex } from '@ipc/lock'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { setTimeout as delay } from 'node:timers/promises'
import { Company, NIGHTLY, until, within, type Actor } from '../../core/src/fixtures/actors.mjs'
import { openLocks } from './index.ts'
import { check } from './table/check.ts'
import { openTable } from './table/file.ts'
import { Layout, sizesFor } from './table/layout.ts'
import { repair } from './table/repair.ts'
import { Table } from './table/table.ts'

const KILLS = NIGHTLY ? 1200 : 40
const MANY = 4
const VIOLATIONS = 8
const ROUNDS = 9

let company: Company
const directoryBefore = process.env['IPC_DIR']
beforeAll(() => {
  company = new Company(new URL('fixtures/client.mjs', import.meta.url), { ahead: 2 })
  process.env['IPC_DIR'] = company.directory
})
afterAll(async () => {
  await company.end()
  process.env['IPC_DIR'] = directoryBefore
})

async function start(): Promise<Actor> {
  const actor = await company.hire()
  actor.tell('churn')
  return actor
}

test(
  `${KILLS} kills at random moments`,
  async () => {
    const words = new Int32Array(SharedMemory.open('torn', { byteLength: 64 }).buffer)
    const locks = openLocks('stage')
    const place = openTable('stage')
    const table = new Table(place.memory, new Layout(sizesFor(place.options[0]!)))
    const mutex = new Mutex(place)
    const actors = await Promise.all(Array.from({ length: MANY }, start))
    for (let kills = 0; kills < KILLS; kills++) {
      const rounds = Atomics.load(words, ROUNDS)
      await delay(Math.random() * 20)
      await actors.shift()!.kill()
      actors.push(await start())
      await until('somebody goes on', () => Atomics.load(words, ROUNDS) > rounds)
      for (const name of ['a', 'b', 'c'.repeat(70)]) {
        await within(
          `the lock ${name} after kill ${kills}`,
          locks.request(name, { mode: 'shared' }, () => {}),
        )
      }
    }
    await Promise.all(actors.map((actor) => actor.kill()))
    expect(await locks.query()).toEqual({ held: [], pending: [] })
    const guard = mutex.acquire()
    if (guard.abandoned) repair(table)
    table.sweep()
    const wrong = check(table)
    guard.release()
    expect({ wrong, violations: Atomics.load(words, VIOLATIONS) }).toEqual({
      wrong: [],
      violations: 0,
    })
    process.stdout.write(`  ${KILLS} kills, ${Atomics.load(words, ROUNDS)} rounds\n`)
  },
  NIGHTLY ? 1_800_000 : 300_000,
)
