import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { toToken } from './real/program/token.ts'
import type { Report } from './report/report.ts'

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

/** This is long, because a mutant is built, and the machine may be busy. */
const WATCHDOG_MS = 280_000

/** Runs a command line as a shell does, without quotes. */
function stress(line: string): { status: number | null; stdout: string; stderr: string } {
  const args = line.split(' ').filter((word) => word !== '')
  return spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', timeout: WATCHDOG_MS })
}

const SMALL = '--workers 2 --processes 2 --seed 1'
const LONG = { timeout: 300_000 }

test(
  'stress runs programs in both scopes and explores, says what it did, and exits with 0',
  LONG,
  () => {
    const { status, stdout } = stress(`${SMALL} --budget 12s`)
    expect(stdout).toMatch(/^programs +[1-9]\d* +[1-9]\d* +[1-9]\d*$/m)
    expect(stdout).toMatch(/^explored +programs +all schedules/m)
    expect(stdout).toMatch(/^HELD: .* \(seed 1\)$/m)
    expect(status).toBe(0)
  },
)

test.each([
  ['ignores-contention', 'mutual exclusion'],
  ['inner-release-frees', 'mutual exclusion'],
  ['overlooks-readers', 'mutual exclusion'],
  ['passes-when-broken', 'nobody passes before all have come'],
  ['newest-first', 'a wait gives the lock up, is woken in its turn'],
  ['split-release', 'permits are conserved'],
  ['lost-pulse', 'a pulse releases everyone who waits'],
])('stress finds the planted bug %s, and exits with 1', LONG, (planted, law) => {
  const { status, stdout } = stress(
    `${SMALL} --budget 60s --shrink 1ms --explore 3s --no-kill --planted ${planted}`,
  )
  expect(stdout).toContain(`VIOLATED: ${law}`)
  expect(stdout).toMatch(/^replay: npx -y pnpm@10\.34\.9 stress replay "[\w-]+"$/m)
  expect(stdout).toContain('The same program in the explorer')
  expect(status).toBe(1)
})

test('stress replay runs the program of a failure again, with the planted bug', LONG, () => {
  const hold = { do: 'hold', object: 0, form: { how: 'block', ms: 0 }, work: 'nap' } as const
  const agent = { runs: 'worker', rounds: 100, tracks: [[hold]] } as const
  const token = toToken({
    program: {
      scope: 'thread',
      objects: [{ kind: 'lock', placed: 'own' }],
      agents: [agent, agent, agent],
      faults: [],
    },
    planted: 'ignores-contention',
  })
  const { status, stdout } = stress(`replay ${token}`)
  expect(stdout).toContain('VIOLATED: mutual exclusion')
  expect(status).toBe(1)
})

test('stress does not pass when there was no time to run programs of both scopes', LONG, () => {
  const { status, stdout } = stress('--half real --workers 2 --processes 2 --seed 5 --budget 1ms')
  expect(stdout).toContain('NOT DONE')
  expect(status).toBe(1)
})

test('explore says exactly what it covered, as text, as JSON alone, and as a page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stress-'))
  const page = join(folder, 'page.html')
  try {
    const { status, stdout, stderr } = stress(
      `explore semaphore:1/hold/hold --preemptions 1 --json - --html ${page}`,
    )
    const line = /^semaphore:1\/hold\/hold: all schedules with ≤ 1 preemptions: \d+ states/m
    expect(stderr).toMatch(line)
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'explore',
      verdict: 'held',
      exitCode: 0,
      programs: [{ program: 'semaphore:1/hold/hold', complete: true }],
      failures: [],
    })
    expect(readFileSync(page, 'utf8')).toContain('all schedules with ≤ 1 preemptions')
    expect(status).toBe(0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('check says what a budget that ran out left undone, and exits with 3', LONG, () => {
  const { status, stdout } = stress('check event --budget 1ms --seed 1')
  expect(stdout).toMatch(/^event +\d+ +≤ 0 preemptions of 1, not done of \d+/m)
  expect(stdout).toContain('NOT DONE: the budget was too small for the whole catalogue of event')
  expect(status).toBe(3)
})

test('ci leaves its results in a directory', LONG, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stress-'))
  const out = join(folder, 'a/b')
  try {
    const { status, stdout } = stress(`ci --budget 10s --seed 3 --out ${out}`)
    expect(stdout).toMatch(/^HELD: .* \(seed 3\)$/m)
    const report = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Report
    expect(report).toMatchObject({ command: 'ci', verdict: 'held', seed: 3, failures: [] })
    expect(report.coverage.length).toBeGreaterThanOrEqual(7)
    expect(report.mutants[0]).toMatchObject({ found: true })
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Planted bugs')
    expect(readFileSync(join(out, 'replay.txt'), 'utf8')).toBe('')
    expect(status).toBe(0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.each(['--help', 'stress --help', 'replay --help'])('stress %s helps', (line) => {
  const { status, stdout } = stress(line)
  expect(stdout).toMatch(/^usage: stress /)
  expect(status).toBe(0)
})

test.each([
  ['dance', 'unknown command: dance'],
  ['--dance', "Unknown option '--dance'"],
  ['--workers four', '--workers must be an integer from 0 to 8: four'],
  ['--budget soon', '--budget must be a duration like 40s, 500ms or 2m: soon'],
  ['--planted nothing', '--planted must be one of'],
  ['--workers 1 --processes 0', 'it takes two'],
  ['--kill --no-kill', '--kill and --no-kill exclude each other'],
  ['--half none', '--half must be one of both, real, explored: none'],
  ['--planted lost-pulse --half both', '--planted is for the real half'],
  ['check rope', 'no such primitive: rope'],
  ['check --json /nonexistent/x.json', '--json /nonexistent/x.json cannot be written'],
  ['check --html /tmp', '--html /tmp cannot be written: it is a directory'],
  ['explore lock//hold', 'each agent must do something: lock//hold'],
  ['explore lock/jump', 'lock has no jump'],
  ['explore lock/hold/crashes=12', 'crashes=12 is not crashes=N or spurious=N, up to 9'],
  ['explore lock/hold --threads 2', '--threads is for the plainest programs'],
  ['prove --threads 9', '--threads must be an integer from 1 to 4: 9'],
  ['mutants nothing', 'no such mutant: nothing'],
  ['ci', 'ci needs --out DIR'],
  ['ci --out /proc/nothing', '--out /proc/nothing cannot be made'],
  ['replay', 'replay takes one token'],
  ['replay x:lock/hold/~?', 'not a token that stress printed'],
  ['replay r:0:abc~0', 'not a token that stress printed'],
  ['replay x:lock/hold/~0 --times 3', '--times is for real runs'],
  ['replay x:lock/hold/~0 --explore', '--explore is for tokens of real runs'],
  ['replay x', 'not a token that stress printed: x'],
])('stress %s is refused in one line, with exit code 2', (line, message) => {
  const { status, stdout, stderr } = stress(line)
  expect(stderr).toContain(message)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(stdout).toBe('')
  expect(status).toBe(2)
})
