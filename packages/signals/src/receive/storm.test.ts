import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
const run = promisify(execFile)

/** Some seconds on an idle machine; a busy one takes what it takes. */
const WATCHDOG_MS = 600_000

interface Result {
  readonly calls: number
  readonly counts: Readonly<Record<string, number>>
  readonly received: number
  readonly lost: number
  readonly warnings: string[]
}

async function storm(
  busyMs: number,
  each: number,
): Promise<{ sent: Record<string, number>; result: Result }> {
  const receiver = fork(fixture('storm.mjs'), [String(busyMs)])
  await once(receiver, 'message')
  const names = ['SIGUSR1', 'SIGUSR2', 'SIGRTMIN', 'SIGRTMIN+1']
  const sent = await Promise.all(
    names.map(async (name) => {
      const argv = [fixture('sender.mjs'), String(receiver.pid), name, String(each)]
      return [name, Number((await run(process.execPath, argv)).stdout)]
    }),
  )
  receiver.send('report')
  const [result] = (await once(receiver, 'message')) as [Result]
  const [status] = (await once(receiver, 'exit')) as [number]
  expect(status).toBe(0)
  return { sent: Object.fromEntries(sent) as Record<string, number>, result }
}

describe('a storm from four senders', () => {
  test.each([
    ['200,000 signals', 'in short turns', 1, 50_000],
    ['60,000 signals', 'in turns of 100 ms', 100, 15_000],
  ])(
    '%s to a receiver that computes %s: every delivery is a call, or counted as lost',
    async (_signals, _turns, busyMs, each) => {
      const { sent, result } = await storm(busyMs, each)
      expect(result.calls).toBe(result.received - result.lost)
      expect(result.calls).toBeGreaterThan(0)
      for (const [name, count] of Object.entries(result.counts)) {
        expect(count).toBeLessThanOrEqual(sent[name]!)
      }
      const all = Object.values(sent).reduce((sum, count) => sum + count, 0)
      expect(result.received).toBeLessThanOrEqual(all)
      // When our ring is full the kernel keeps the rest: real-time signals that it took all come.
      const realTime = ({ SIGRTMIN, 'SIGRTMIN+1': other }: Record<string, number>): number[] => [
        SIGRTMIN!,
        other!,
      ]
      const lost = { lost: result.lost, warned: result.warnings.includes('IPC_SIGNAL_OVERFLOW') }
      expect(lost).toEqual({ lost: 0, warned: false })
      expect(realTime(result.counts)).toEqual(realTime(sent))
    },
    WATCHDOG_MS,
  )
})
