/** Waits that are longer than a second: the reports about them, and waits that could never end. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const FIXTURE = fileURLToPath(new URL('fixtures/long-waits.mjs', import.meta.url))

interface Outcome {
  readonly result: unknown
  readonly told: readonly Record<string, unknown>[]
  readonly stderr: string
}

async function outcomeOf(what: string, how = 'not', debug = ''): Promise<Outcome> {
  const env = { ...process.env, NODE_DEBUG: debug }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [FIXTURE, what, how], {
    env,
  })
  return { ...(JSON.parse(stdout) as Omit<Outcome, 'stderr'>), stderr }
}

describe.concurrent('a withAsync() that awaits itself is rejected', () => {
  test.each([
    ['returned'],
    ['awaited'],
    ['through others'],
    ['writer in reader'],
    ['reader in writer'],
  ])('%s', async (what) => {
    expect(await outcomeOf(what)).toMatchObject({ result: 'ERR_IPC_DEADLOCK' })
  })
})

describe.concurrent('a wait for this thread that can end goes on', () => {
  test.each([['forgotten'], ['another task'], ['plain']])('%s', async (what) => {
    expect(await outcomeOf(what)).toMatchObject({ result: 'after' })
  })
})

test('who listens hears what waits, for whom, and where both were asked for', async () => {
  const { told } = await outcomeOf('plain', 'listening')
  expect(told).toHaveLength(1)
  const [{ what, waitedMs, blocking, owners, isHeldHere, askedAt }] = told as [Outcome['told'][0]]
  expect({ what, blocking, isHeldHere }).toEqual({
    what: 'lock',
    blocking: false,
    isHeldHere: true,
  })
  expect(waitedMs).toBeGreaterThanOrEqual(1000)
  expect(owners).toEqual([expect.objectContaining({ threadId: 0, alive: true })])
  expect(askedAt).toContain('long-waits.mjs')
})

test('NODE_DEBUG=ipc prints it', async () => {
  const { stderr } = await outcomeOf('plain', 'not', 'net,ipc')
  expect(stderr).toMatch(/^IPC \d+\/0: lock: a promise waits since .* \(\d+ ms\)$/m)
  expect(stderr).toMatch(/: this thread holds it: only this thread can end the wait$/m)
  expect(stderr.match(/long-waits\.mjs/g)!.length).toBeGreaterThanOrEqual(2) // asked for, and taken
  expect((await outcomeOf('plain', 'not', 'ipcs')).stderr).toBe('')
})
