import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const FIXTURE = fileURLToPath(new URL('../fixtures/signal-exit.mjs', import.meta.url))
const NAMES = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGABRT', 'SIGUSR2']

test.each(
  ['3', '4', 'both'].flatMap((versions) => ['first', 'last'].map((when) => [versions, when])),
)(
  'with signal-exit %s, loaded %s, a handler is called once and the program lives on',
  (...args) => {
    const { stdout, signal } = spawnSync(process.execPath, [FIXTURE, ...args], { encoding: 'utf8' })
    expect(JSON.parse(stdout.split('\n')[0]!)).toEqual([...NAMES, 'heard SIGTERM', 'lives'])
    expect(signal).toBe('SIGTERM') // given back to Node, it is the end, as signal-exit sees it
  },
)
