import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('fixtures/garbage.mjs', import.meta.url))
const NIGHTLY = process.env['IPC_NIGHTLY'] === '1'
const SECONDS = NIGHTLY ? 600 : 10

test('random words of everything are overwritten under ten living processes: no crash, no hang, no loop', () => {
  const run = spawnSync(process.execPath, [PROGRAM, String(SECONDS)], { encoding: 'utf8' })
  process.stdout.write(`  figure: ${run.stdout.trim().split('\n').at(-1)}\n`)
  const replay = `node ${PROGRAM} ${SECONDS} ${/^seed (\d+)/.exec(run.stdout)?.[1]}`
  expect({ replay, status: run.status, output: run.stdout }).toEqual({
    replay,
    status: 0,
    output: expect.stringMatching(/\d+ rounds, [1-9]\d* words overwritten/),
  })
}, 3_600_000)
