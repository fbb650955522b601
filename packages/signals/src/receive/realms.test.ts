import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '@ipc/testing'
import { expect, test } from 'vitest'

const FIXTURE = fileURLToPath(new URL('../fixtures/realms.mjs', import.meta.url))
const FLAGS = ['--experimental-vm-modules', '--no-warnings']

test('all realms of the main thread have one set of dispositions, and each delivery is read once', () => {
  const directory = temporaryDirectory()
  try {
    const output = execFileSync(process.execPath, [...FLAGS, FIXTURE], { encoding: 'utf8' })
    expect(JSON.parse(output)).toEqual({
      senders: 12,
      isKnown: true,
      previous: true,
      isIgnored: true,
      callsBefore: 0,
      calls: 1,
      pending: ['SIGTERM'],
      signal: 'SIGTERM',
      waited: true,
    })
  } finally {
    directory.remove()
  }
}, 60_000)
