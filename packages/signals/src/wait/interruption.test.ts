import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startProcess, stopAll, temporaryDirectory, until } from '@ipc/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { kill } from '../send/send.ts'

interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- tasks are text
  readonly [name: string]: any
}
const modules = {
  signals: import.meta.resolve('@ipc/signals'),
  lock: import.meta.resolve('@ipc/lock'),
  semaphore: import.meta.resolve('@ipc/semaphore'),
  sync: import.meta.resolve('@ipc/sync'),
}

const directory = temporaryDirectory()
afterAll(async () => {
  await stopAll()
  directory.remove()
})

describe.each(['thread', 'process'])('a main thread that blocks in %s scope', (scope) => {
  test.each([
    ['lock.tryAcquire()', 'lock', 2000],
    ['semaphore.tryAcquire()', 'semaphore', 500],
    ['event.tryWait()', 'event', 500],
  ] as const)(
    '%s: handlers run meanwhile, and the deadline is kept',
    async (_, what, timeoutMs) => {
      const other = await startProcess<Modules>({ modules })
      const result = await other.run(
        ({ signals, lock, semaphore, sync }, [where, kind, ms]) => {
          const make = (Class: any, ...rest: unknown[]): any =>
            where === 'thread' ? new Class(...rest) : Class.create(...rest)
          const wait = {
            lock() {
              const it = make(lock.Lock)
              it.acquire()
              return () => it.tryAcquire({ timeoutMs: ms })
            },
            semaphore() {
              const it =
                where === 'thread'
                  ? new semaphore.Semaphore(0)
                  : semaphore.Semaphore.create({ value: 0 })
              return () => it.tryAcquire({ timeoutMs: ms })
            },
            event() {
              const it = make(sync.Event)
              return () => it.tryWait({ timeoutMs: ms }) || null
            },
          }[kind]()
          let calls = 0
          signals.signal('SIGALRM', () => calls++)
          signals.setitimer('real', { valueMs: 50, intervalMs: 50 })
          const start = performance.now()
          const got = wait()
          const took = performance.now() - start
          signals.setitimer('real', { valueMs: 0 })
          return { got, calls, took }
        },
        [scope, what, timeoutMs] as const,
      )
      expect(result.got).toBe(null)
      expect(result.took).toBeGreaterThanOrEqual(timeoutMs)
      expect(result.calls).toBeGreaterThanOrEqual(timeoutMs / 100) // twice that on an idle machine
      expect(result.calls).toBeLessThanOrEqual(Math.ceil(result.took / 50))
      await other.terminate()
    },
  )

  test('Ctrl-C: a handler that throws ends acquire() at once, and nothing is taken', async () => {
    const other = await startProcess<Modules>({ modules })
    await other.run(({ signals, lock, state }, where) => {
      state.lock = where === 'thread' ? new lock.Lock() : lock.Lock.create()
      state.guard = undefined
      signals.signal('SIGINT', () => {
        throw new Error('interrupted')
      })
    }, scope)
    await other.run(async ({ state }) => {
      state.guard = await state.lock.acquireAsync() // not the blocking way, so the next one waits
    })
    const outcome = other.start(({ state }) => {
      state.blocked = true
      try {
        return state.lock.tryAcquire({ timeoutMs: 60_000 })
      } catch (error) {
        return (error as Error).message
      }
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    const start = performance.now()
    kill(other.pid, 'SIGINT')
    expect(await outcome).toBe('interrupted')
    expect(performance.now() - start).toBeLessThan(30_000) // the time-out is a minute
    const after = await other.run(({ state }) => {
      state.guard.release()
      return { locked: state.lock.locked, again: state.lock.tryAcquire() !== null }
    })
    expect(after).toEqual({ locked: false, again: true })
    await other.terminate()
  })

  test('Event.set() in a handler ends the wait that it interrupted', async () => {
    const other = await startProcess<Modules>({ modules })
    const ended = other.start(({ signals, sync }, where) => {
      const event = where === 'thread' ? new sync.Event() : sync.Event.create()
      signals.signal('SIGALRM', () => event.set())
      signals.alarm(1)
      event.wait()
      return event.isSet
    }, scope)
    expect(await ended).toBe(true)
    await other.terminate()
  })

  test('lock.release() in a handler ends the acquire() that it interrupted', async () => {
    const other = await startProcess<Modules>({ modules })
    const held = await other.run(async ({ signals, lock }, where) => {
      const it = where === 'thread' ? new lock.Lock() : lock.Lock.create()
      const guard = await it.acquireAsync()
      signals.signal('SIGALRM', () => guard.release())
      signals.setitimer('real', { valueMs: 100 })
      return it.tryAcquire({ timeoutMs: 60_000 }).held
    }, scope)
    expect(held).toBe(true)
    await other.terminate()
  })

  test('a signal just before it falls asleep is never slept through', async () => {
    // In thread scope a sleeper looks every 5 ms and cannot sleep through more than that.
    const tries = scope === 'process' ? 10_000 : 1000
    const other = await startProcess<Modules>({ modules })
    const done = await other.start(
      ({ signals, lock }, [where, count]) => {
        const it = where === 'thread' ? new lock.Lock() : lock.Lock.create()
        it.acquire()
        let end = performance.now() + 90_000
        signals.signal('SIGALRM', () => {
          throw new Error('woken')
        })
        let woken = 0
        let slow = 0
        for (let i = 0; i < count && performance.now() < end; i++) {
          // Somewhere between before the sleep and in the midst of it: a wait takes some 5 µs to
          // fall asleep.
          signals.setitimer('real', { valueMs: 0.001 + ((i * 7919) % 60) / 1000 })
          const start = performance.now()
          try {
            it.tryAcquire({ timeoutMs: 60_000 })
          } catch (error) {
            if ((error as Error).message === 'woken') woken++
          }
          // In process scope a sleeper looks by itself after 240 ms: one that slept through would
          // have been woken by that.
          if (performance.now() - start > 200) slow++
        }
        end = 0
        return { woken, slow }
      },
      [scope, tries] as const,
    )
    expect(done.woken).toBe(tries)
    expect(done.slow).toBeLessThan(tries / 1000) // none but for a machine that is busy
    await other.terminate()
  }, 100_000)
})

describe.each(['thread', 'process'])('the rest of the family in %s scope', (scope) => {
  test.each(['RLock', 'reader', 'writer', 'condition', 'barrier'])(
    '%s: handlers run, the deadline is kept, an error ends the wait and nothing is taken',
    async (kind) => {
      const program = fileURLToPath(new URL('../fixtures/interrupted.mjs', import.meta.url))
      const { stdout } = await promisify(execFile)(process.execPath, [program, scope, kind])
      const { calls, ...outcome } = JSON.parse(stdout) as { calls: number }
      expect(outcome).toEqual({ got: null, inTime: true, thrown: 'no', tookAny: false })
      expect(calls).toBeGreaterThan(1) // about 19 on an idle machine
    },
  )
})

test('without a handler a blocked thread dies of a signal as any other', async () => {
  const other = await startProcess<Modules>({ modules })
  void other.start(({ lock }) => {
    const it = lock.Lock.create()
    it.acquire()
    it.tryAcquire({ timeoutMs: 60_000 })
  })
  await until(() => other.pending === 1, 'the task to be sent')
  kill(other.pid, 'SIGUSR2')
  expect((await other.exited).signal).toBe('SIGUSR2')
})
