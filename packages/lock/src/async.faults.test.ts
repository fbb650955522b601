/** Many asynchronous calls: none is lost, none comes too early, nobody starves, and idle is idle. */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  Company,
  NIGHTLY,
  blocksInFutex,
  threadsNamed,
  until,
  within,
  type Actor,
} from '../../core/src/fixtures/actors.mjs'

const FIXTURE = new URL('fixtures/async.mjs', import.meta.url)

let company: Company

/** For the tests of a describe(). */
function useCompany({ rechecks }: { rechecks: boolean }): void {
  beforeEach(() => {
    company = new Company(FIXTURE, { rechecks })
  })
  afterEach(async () => {
    await company.end()
  })
}

interface Queued {
  readonly had: number
  readonly aborted: number
  readonly order: number[]
  readonly overlaps: number
}

const say = (text: string): boolean => process.stdout.write(`  figure: ${text}\n`)

describe('10,000 acquireAsync() calls of a process, half of them aborted at random', () => {
  useCompany({ rechecks: false })

  for (const held of [false, true]) {
    test(`the others all get the lock, once, in order, and the process then ends by itself${held ? ' (another holds it at first)' : ''}`, async () => {
      const [owner, process] = await company.hireMany(2)
      if (held) await owner.call('take', 'queue')
      const queued = process.call('queue', 'queue', 10_000, 0.5)
      if (held) {
        await delay(300)
        await owner.call('giveBackAll')
      }
      const result = (await within('the queue', queued)) as Queued
      expect(result.had + result.aborted).toBe(10_000)
      expect(result.aborted).toBeGreaterThan(3000)
      expect(result.had).toBeGreaterThan(3000)
      expect(result.overlaps).toBe(0)
      expect(result.order).toEqual([...new Set(result.order)].toSorted((a, b) => a - b))
      expect(result.order).toHaveLength(result.had)
      expect(await within('its end', process.letGo())).toEqual({ code: 0, signal: null })
    })
  }

  test('two processes that always have a hundred of them do not starve one that blocks', async () => {
    const [first, second, blocking] = await company.hireMany(3)
    const crowds = [first, second].map((actor) => actor.call('crowd', 'crowd'))
    const longest = (await within(
      'the blocking one',
      blocking.call('squeeze', 'crowd', 300),
    )) as number
    for (const actor of [first, second]) await actor.call('disperse')
    const others = await within('the crowds', Promise.all(crowds))
    say(
      `a process that blocks had the lock 300 times, waited ${longest.toFixed(1)} ms at most; meanwhile two with 100 async calls each ${others.join(' and ')} times`,
    )
    for (const other of others) expect(other).toBeGreaterThan(0)
  })
})

describe('200 asynchronous waits on 200 names', () => {
  useCompany({ rechecks: true }) // they are what costs while idle

  test('leave libuv’s pool alone, add three threads at most, and all end', async () => {
    const [owner, process] = await company.hireMany(2)
    await within('taking', owner.call('takeMany', 200))
    await process.call('usePool')
    const threads = readdirSync(`/proc/${process.pid}/task`).length
    await within('wishing', process.call('wishMany', 200))
    await until('they park', () => parkersSleep(process))
    const before = (await within('the pool', process.call('usePool'))) as number
    const more = readdirSync(`/proc/${process.pid}/task`).length - threads
    say(`200 pending waits: ${more} threads more; fs and dns took ${before.toFixed(1)} ms`)
    expect(more).toBeLessThanOrEqual(3)
    await within('giving back', owner.call('giveBackAll'))
    expect(await within('the wishes', process.call('wishesFulfilled'))).toBe(200)
  })

  const strace = spawnSync('strace', ['-V'])
  const mayTrace = strace.status === 0
  if (!mayTrace) {
    process.stdout.write('  NOT TESTED: system calls of idle waits, because strace cannot be run\n')
  }
  test.runIf(mayTrace)(
    'while idle: at most 5 futex calls per second and waiter, no kill or open, and no stat but after a disturbance',
    async () => {
      const [owner, many, one] = await company.hireMany(3)
      await within('taking', owner.call('takeMany', 200))
      await within('wishing', many.call('wishMany', 200))
      one.tell('block', 'many-0')
      await until('they sleep', () => parkersSleep(many) && one.asleep)
      await delay(1500) // the start needs more than idleness does
      for (const [actor, waiters, threads] of [
        [one, 1, [String(one.pid)]],
        [many, 200, threadsNamed(many.pid, 'ipc-parker')],
      ] as const) {
        const traced = await trace(actor.pid, threads, NIGHTLY ? 20 : 4)
        if (traced === null) continue
        const { calls, seconds } = traced
        const futexes = actor === one ? sleepsOf(calls) : total(calls, FUTEX)
        say(
          `${waiters} idle waiters: ${(futexes / seconds / waiters).toFixed(2)} futex calls per second and waiter; all calls: ${JSON.stringify(calls)}`,
        )
        // Attaching and detaching interrupt the sleep: two calls more, and a waiter that was disturbed
        // checks the file's name once. A waiter that did so by itself would do it every second.
        expect(futexes).toBeLessThanOrEqual((5 * seconds + 2) * waiters)
        expect(Object.keys(calls).filter((name) => /kill|open/.test(name))).toEqual([])
        expect(total(calls, /stat/)).toBeLessThanOrEqual(2 * waiters)
      }
    },
    90_000,
  )
})

const FUTEX = /futex|0x1c1/
const FUTEX_WAITV = /futex_waitv|0x1c1/

/**
 * A blocked thread is Node's too: when it was disturbed, it comes back to JavaScript, and the engine has
 * futexes of its own. We sleep in futex_waitv where the kernel has it.
 */
function sleepsOf(calls: Readonly<Record<string, number>>): number {
  const sleeps = total(calls, FUTEX_WAITV)
  return sleeps > 0 ? sleeps : total(calls, FUTEX)
}

function total(calls: Readonly<Record<string, number>>, names: RegExp): number {
  return Object.entries(calls).reduce((sum, [name, n]) => (names.test(name) ? sum + n : sum), 0)
}

function parkersSleep(actor: Actor): boolean {
  const parkers = threadsNamed(actor.pid, 'ipc-parker')
  return parkers.length > 0 && parkers.every((tid) => blocksInFutex(actor.pid, tid))
}

/**
 * How often these threads make which system call: those on which our code sleeps. The threads that Node
 * has for itself are not ours to judge, and each version of it has others. null, and a message, where
 * tracing is forbidden.
 */
async function trace(
  pid: number,
  threads: readonly string[],
  forSeconds: number,
): Promise<{ calls: Record<string, number>; seconds: number } | null> {
  const log = join(company.directory, `trace-${pid}`)
  const attach = threads.flatMap((tid) => ['-p', tid])
  const tracer = spawn('strace', ['-c', '-o', log, ...attach], { stdio: 'ignore' })
  const ended = new Promise<number | null>((resolve) => tracer.once('exit', resolve))
  const start = performance.now()
  await delay(forSeconds * 1000)
  if (tracer.exitCode !== null) {
    process.stdout.write(
      `  NOT TESTED: strace may not attach here (it ended with ${tracer.exitCode})\n`,
    )
    return null
  }
  tracer.kill('SIGINT')
  await within('strace', ended)
  const seconds = (performance.now() - start) / 1000
  const calls: Record<string, number> = {}
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const fields = line.trim().split(/\s+/)
    const count = Number(fields[3])
    const name = fields.at(-1)!
    if (fields.length >= 5 && Number.isInteger(count) && name !== 'total') calls[name] = count
  }
  return { calls, seconds }
}
