/**
 * Processes that do nothing but take the lock are killed at any instruction, in JavaScript, in the
 * addon, in the kernel, and replaced. The others go on, alone with the lock, and are told.
 */
import { SharedMemory } from '@ipc/core'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Company, NIGHTLY, until } from '../../core/src/fixtures/actors.mjs'
import { Lock } from './lock.ts'

const FIXTURE = new URL('fixtures/storm.mjs', import.meta.url)
const [FIRST, SECOND, TORN, TOLD, PROGRESS] = [4, 5, 6, 7, 8] as const
const WAYS = ['block', 'async', 'try', 'both'] as const

test('a storm of kills: nobody is in the lock with another, nobody is left asleep, every death in it is told', async () => {
  const company = new Company(FIXTURE, { ahead: 3, rechecks: false })
  process.env['IPC_DIR'] = company.directory
  try {
    const memory = SharedMemory.open('storm', { byteLength: 256 })
    const { words } = memory
    const survivors = await company.hireMany(3)
    for (const [place, actor] of survivors.entries()) actor.tell('rage', place, WAYS[place])
    const kills = NIGHTLY ? 5000 : 30
    for (let kill = 0; kill < kills; kill++) {
      const victim = await company.hire()
      const before = words.load(PROGRESS + 4)
      victim.tell('rage', 4, WAYS[kill % WAYS.length])
      await until('the victim is at it', () => words.load(PROGRESS + 4) !== before)
      await delay(Math.random() * 3)
      const death = victim.kill()
      const counts = survivors.map((_, place) => words.load(PROGRESS + place))
      await until(`everybody goes on after kill ${kill}`, () =>
        counts.every((count, place) => words.load(PROGRESS + place) !== count),
      )
      await death
      expect(words.load(TORN)).toBe(0)
    }
    for (const actor of survivors) await actor.kill()
    const guard = Lock.at(memory, 0).tryAcquire({ timeoutMs: 5000 })
    if (guard === null) throw new Error('the lock cannot be had any more')
    expect(guard.abandoned || words.load(FIRST) === words.load(SECOND)).toBe(true)
    guard.release()
    process.stdout.write(
      `  figure: ${kills} kills, ${words.load(TOLD)} of them in the lock; ${words.load(FIRST)} changes\n`,
    )
    expect(words.load(TOLD)).toBeLessThanOrEqual(kills)
  } finally {
    await company.end()
  }
}, 600_000)
