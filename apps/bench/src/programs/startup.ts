/** startup KIND [rounds=10]: ns that loading takes in a fresh process, and making the first lock. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseOptions } from './options.ts'

/** The program that is timed. */
const kinds: Readonly<Record<string, string>> = {
  import: `await import('@ipc/lock')`,
  open: `(await import('@ipc/lock')).Lock.open('bench.startup')`,
  'async-mutex': `await import('async-mutex')`,
  'async-lock': `await import('async-lock')`,
  'proper-lockfile': `await import('proper-lockfile')`,
  'fs-native-extensions': `await import('fs-native-extensions')`,
  lmdb: `await import('lmdb')`,
  'lmdb-open': `(await import('lmdb')).open({ path: process.env.IPC_DIR + '/lmdb' })`,
}

const { kind, rounds } = parseOptions(process.argv.slice(2))
const directory = mkdtempSync(join(tmpdir(), 'ipc-bench-'))
const program = `
const start = process.hrtime.bigint();
${kinds[kind]!}
console.log(String(process.hrtime.bigint() - start))
process.exit(0)`
const cwd = fileURLToPath(new URL('..', import.meta.url)) // the packages are found from here
const env = { ...process.env, IPC_DIR: directory }
try {
  const samples = Array.from({ length: rounds }, () =>
    Number(
      execFileSync(process.execPath, ['--input-type=module', '-e', program], {
        cwd,
        env,
        encoding: 'utf8',
      }),
    ),
  )
  console.log(JSON.stringify({ samples, correct: true }))
} finally {
  rmSync(directory, { recursive: true })
}
