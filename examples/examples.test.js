// Every program runs in a directory of its own, and prints the text in the comment at its end.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const here = fileURLToPath(new URL('.', import.meta.url))

const programs = ['lessons', 'real'].flatMap((folder) =>
  readdirSync(join(here, folder)).map((name) => join(folder, name)),
)

test('there are seven lessons and five real programs', () => {
  expect(programs).toHaveLength(12)
})

test.each(programs)('%s prints what it says', { timeout: 60_000 }, async (program) => {
  const directory = mkdtempSync(join(tmpdir(), 'ipc-example-'))
  try {
    const env = { ...process.env, IPC_DIR: join(directory, 'ipc') }
    const { stdout, stderr } = await run(process.execPath, [join(here, program)], {
      cwd: directory,
      env,
    })
    expect(stderr).toBe('')
    expect(stdout).toBe(promised(readFileSync(join(here, program), 'utf8')))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

/** The lines that begin with `//> `. */
function promised(source) {
  const lines = source.split('\n').filter((line) => line.startsWith('//> '))
  return lines.map((line) => `${line.slice(4)}\n`).join('')
}
