/** The C without Node under the sanitizers: test/harness.c says what it does. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const NIGHTLY = process.env['IPC_NIGHTLY'] === '1'
const SECONDS = NIGHTLY ? 120 : 12
const THREADS = 8

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const COMPILER = process.env['CC'] || 'cc'
const SANITIZERS = {
  thread: 'thread',
  'address and undefined behaviour': 'address,undefined',
} as const

const SOURCES = readdirSync(join(PACKAGE, 'c'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.c') && !name.endsWith('binding.c'))
  .map((name) => join(PACKAGE, 'c', name))

const directory = mkdtempSync(join(tmpdir(), 'ipc-harness-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs without randomised addresses: older runtimes of the thread sanitizer do not find room otherwise. */
function run(program: string, argv: readonly string[] = []): Ran {
  const environment = {
    ...process.env,
    TSAN_OPTIONS: 'halt_on_error=1:exitcode=66',
    ASAN_OPTIONS: 'detect_leaks=0:exitcode=66', // a thread that ends as if killed leaks
    UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
  }
  const options = { encoding: 'utf8', env: environment } as const
  const fixed = spawnSync('setarch', ['-R', program, ...argv], options)
  return fixed.error === undefined ? fixed : spawnSync(program, [...argv], options)
}

function compile(sanitizer: string, output: string, sources: readonly string[]): Ran {
  const flags = `-std=c11 -g -O1 -Wall -Wextra -Werror -fno-omit-frame-pointer -fsanitize=${sanitizer}`
  const libraries = ['-pthread', '-ldl']
  const argv = [
    ...flags.split(' '),
    `-I${join(PACKAGE, 'c')}`,
    '-o',
    output,
    ...sources,
    ...libraries,
  ]
  const { status, stdout, stderr, error } = spawnSync(COMPILER, argv, { encoding: 'utf8' })
  return { status, stdout: stdout ?? '', stderr: error === undefined ? stderr : String(error) }
}

/** Why the compiler cannot make a program that runs with this sanitizer; null: it can. */
function missing(sanitizer: string): string | null {
  const source = join(directory, 'empty.c')
  const program = join(directory, `empty-${sanitizer}`)
  writeFileSync(source, 'int main(void) { return 0; }\n')
  const compiled = compile(sanitizer, program, [source])
  const ran = compiled.status === 0 ? run(program) : compiled
  return ran.status === 0 ? null : ran.stderr.trim().split('\n')[0]!
}

describe.each(Object.entries(SANITIZERS))('under the sanitizer of %s', (name, sanitizer) => {
  const reason = missing(sanitizer)
  const program = join(directory, `harness-${sanitizer}`)
  if (reason !== null) console.log(`skipped: ${COMPILER} has no sanitizer of ${name}: ${reason}`)

  function runHarness(...more: string[]): Ran {
    const home = mkdtempSync(join(directory, 'domain-'))
    const ran = run(program, [home, String(SECONDS), String(THREADS), ...more])
    process.stdout.write(`  figure: ${name} ${more.join()}: ${ran.stdout}`)
    return ran
  }
  const SILENT = {
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/^[1-9]\d* steps, [1-9]\d* opened, /),
  }

  test.skipIf(reason !== null)(
    'threads that do everything: nothing to report',
    () => {
      const source = join(PACKAGE, 'test', 'harness.c')
      expect(compile(sanitizer, program, [source, ...SOURCES])).toEqual({
        status: 0,
        stdout: '',
        stderr: '',
      })
      expect(runHarness()).toMatchObject(SILENT)
    },
    600_000,
  )

  test.skipIf(reason !== null)(
    'the same while random words are overwritten',
    () => {
      expect(runHarness('garbage')).toMatchObject(SILENT)
    },
    600_000,
  )
})
