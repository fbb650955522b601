import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = async (name: string, ...argv: string[]): Promise<string> => {
  const program = fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
  return (await promisify(execFile)(process.execPath, [program, ...argv])).stdout
}

test('kill(process.pid, …) as the last statement still runs its handler', async () => {
  expect(await run('last-statement.mjs')).toBe('SIGUSR2 true\n')
})

test('and what that handler starts goes on', async () => {
  // Its second signal comes in the last turn of the loop again.
  expect(await run('last-statement.mjs', 'more')).toBe('SIGUSR2 true\nSIGUSR2 true\n')
})

test('a handler alone does not keep the process alive', async () => {
  expect(await run('idle.mjs')).toBe('function\n')
})
