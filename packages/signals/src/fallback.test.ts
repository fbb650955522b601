/** Where there is no addon, everything that Node has by itself still works, and the rest says why not. */
import { fileURLToPath } from 'node:url'
import { startProcess, stopAll, until, type Contender } from '@ipc/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kill } from './send/send.ts'

interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- tasks are text
  readonly signals: any
}
const modules = { signals: import.meta.resolve('@ipc/signals') }
const execArgv = ['--import', fileURLToPath(new URL('fixtures/no-addon.mjs', import.meta.url))]

let other: Contender<Modules>
beforeAll(async () => {
  other = await startProcess<Modules>({ modules, execArgv })
})
afterAll(stopAll)

describe('without the addon', () => {
  test('handlers, listeners, waits and loops work over process.on', async () => {
    await other.run(({ signals, state }) => {
      state.log = []
      const before = signals.signal('SIGUSR2', (name: string, info: { signal: string }) =>
        state.log.push(name, info.signal),
      )
      state.log.push(before === signals.SIG_DFL, typeof signals.getSignal('SIGUSR2'))
    })
    kill(other.pid, 'SIGUSR2')
    await until(() => other.run(({ state }) => state.log.length === 4), 'signals to arrive')
    expect(await other.run(({ state }) => state.log)).toEqual([
      true,
      'function',
      'SIGUSR2',
      'SIGUSR2',
    ])

    const wait = other.run(({ signals }) => signals.sigwaitAsync(['SIGHUP']))
    await other.run(() => {})
    kill(other.pid, 'SIGHUP')
    expect(await wait).toMatchObject({ signal: 'SIGHUP', number: 1 })

    const next = other.run(({ signals }) => signals.signals(['SIGHUP']).next())
    await other.run(() => {})
    kill(other.pid, 'SIGHUP')
    expect(await next).toMatchObject({ value: { signal: 'SIGHUP' } })
  })

  test('ignoring works, and so does sending', async () => {
    await other.run(({ signals }) => signals.signal('SIGUSR2', signals.SIG_IGN))
    kill(other.pid, 'SIGUSR2')
    const heard = await other.run(({ signals, state }) => {
      state.heard = 0
      process.on('SIGWINCH', () => state.heard++)
      signals.kill(process.pid, 'SIGWINCH')
      signals.raise('WINCH')
      signals.kill(process.pid, 0)
      return signals.validSignals().length
    })
    expect(heard).toBe(62)
    await until(() => other.run(({ state }) => state.heard > 0), 'signals to arrive')
  })

  test('errors are those of the system', async () => {
    await expect(
      other.run(({ signals }) => signals.kill(0x3fffffff, 'SIGTERM')),
    ).rejects.toMatchObject({ code: 'ESRCH' })
  })

  test.each([
    ['sigqueue', process.pid, 'SIGUSR2', 1],
    ['alarm', 1],
    ['setitimer', 'real', { valueMs: 1 }],
    ['getitimer', 'real'],
    ['sigmask', 'block', ['SIGUSR2']],
    ['sigpending'],
    ['sigwait', ['SIGUSR2']],
    ['pause'],
    ['signalCounters'],
  ])('%s() is not supported, and says why', async (name, ...rest) => {
    await expect(
      other.run(({ signals }, [call, ...values]) => signals[call as string](...values), [
        name,
        ...rest,
      ] as const),
    ).rejects.toMatchObject({
      code: 'ERR_IPC_UNSUPPORTED',
      message: expect.stringMatching(/: there is no addon for this test$/) as string,
    })
  })

  test('nor is ProcessRef', async () => {
    await expect(
      other.run(({ signals }) => signals.ProcessRef.open(process.pid)),
    ).rejects.toMatchObject({ code: 'ERR_IPC_UNSUPPORTED' })
  })
})
