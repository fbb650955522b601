import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { toToken } from './program/token.ts'

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

/** As in a shell, without quotes. */
function stress(line: string): { status: number | null; stdout: string; stderr: string } {
  const args = line.split(' ').filter((word) => word !== '')
  return spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', timeout: 110_000 })
}

const SMALL = '--workers 2 --processes 2 --seed 1'
const LONG = { timeout: 120_000 }

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
  ['split-release', 'permits are conserved'],
  ['lost-pulse', 'a pulse releases everyone who waits'],
])('stress finds the planted bug %s, and exits with 1', LONG, (planted, law) => {
  const { status, stdout } = stress(
    `${SMALL} --budget 60s --shrink 1ms --no-kill --planted ${planted}`,
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
  ['replay', 'replay takes one token'],
  ['replay x', 'not a token that stress printed: x'],
])('stress %s is refused in one line, with exit code 2', (line, message) => {
  const { status, stdout, stderr } = stress(line)
  expect(stderr).toContain(message)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(stdout).toBe('')
  expect(status).toBe(2)
})
