import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '@ipc/testing'
import { expect, test } from 'vitest'

const FIXTURE = fileURLToPath(new URL('../fixtures/contexts.mjs', import.meta.url))

test('handlers run in the async context in which they were installed, and nothing keeps another one', () => {
  const directory = temporaryDirectory()
  try {
    const output = execFileSync(process.execPath, ['--expose-gc', FIXTURE], { encoding: 'utf8' })
    expect(JSON.parse(output)).toEqual({
      seen: {
        'in a request': 'second',
        outside: 'none',
        'of a signal that Node watches': 'third',
        'inside a wait': 'fourth',
        'after sigwaitAsync': 'sixth',
        'after pauseAsync': 'sixth',
        'after a loop': 'sixth',
      },
      collected: 7,
    })
  } finally {
    directory.remove()
  }
}, 60_000)
