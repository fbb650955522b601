/**
 * Two loops, as cron would have them, run a command under one name. Now and then the test kills the
 * command, the ipc that runs it, or any ipc at any moment (it waits, or has the lock and no command
 * yet). Commands never overlap, nor does what a killed command started: each takes a flock(1), which
 * never has to wait. A command that runs after one that did not reach its end has been told.
 */
import { observe } from '@ipc/core'
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Bench } from './fixtures/ipc.ts'

/** The rounds of both loops together; IPC_CLI_ROUNDS=1000 is the full size. */
const ROUNDS = Number(
  process.env['IPC_CLI_ROUNDS'] ?? (process.env['IPC_NIGHTLY'] === '1' ? 1000 : 40),
)

const hasFlock = spawnSync('flock', ['--version']).status === 0
if (!hasFlock) process.stdout.write('  NOT TESTED: overlap, for want of flock(1)\n')

const COMMAND = `
exec 9>>"$WITNESS"
flock -n 9 || echo overlap >>"$LOG"
echo "begin\${IPC_ABANDONED:+ told}" >>"$LOG"
sleep 0.02
echo end >>"$LOG"
`
const LOOP = `n=0; while [ $n -lt $ROUNDS ]; do $IPC run cron -- sh "$COMMAND" 2>/dev/null; n=$((n + 1)); done`

/** Bytes of the log between two kills: enough for some commands to reach their end. */
const FEW_LINES = 25

const TO_KILL = ['its ipc', 'command', 'any ipc'] as const

/** Finds the pid of a process that lives. */
function find(what: (typeof TO_KILL)[number]): number | undefined {
  const agents = observe().agents.filter(({ livesInHeirs }) => !livesInHeirs)
  if (what === 'any ipc') return agents[Math.floor(Math.random() * agents.length)]?.pid
  const runs = agents.find(({ command }) => command !== null)
  return what === 'command' ? runs?.command?.pid : runs?.pid
}

/** Returns false if the process has ended just now. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

test.runIf(hasFlock)(
  `${ROUNDS} rounds`,
  async () => {
    const bench = new Bench()
    const [log, command] = [join(bench.home, 'log'), join(bench.home, 'command.sh')]
    writeFileSync(log, '')
    writeFileSync(command, COMMAND)
    const env = {
      ROUNDS: String(Math.ceil(ROUNDS / 2)),
      LOG: log,
      COMMAND: command,
      WITNESS: join(bench.home, 'witness'),
    }
    try {
      const loops = [1, 2].map(() => bench.program('sh', ['-c', LOOP], env))
      const state = { going: true }
      const ended = Promise.all(loops.map((loop) => loop.ended)).then(() => (state.going = false))
      const kills = { command: 0, 'its ipc': 0, 'any ipc': 0 }
      for (let i = 0; state.going; i++) {
        const before = statSync(log).size
        while (state.going && statSync(log).size < before + FEW_LINES) await delay(10)
        await delay(Math.random() * 100)
        const what = TO_KILL[i % TO_KILL.length]!
        for (let killed = false; state.going && !killed; await delay(1)) {
          const pid = find(what)
          killed = pid !== undefined && kill(pid)
          if (killed) kills[what]++
        }
      }
      await ended
      const lines = readFileSync(log, 'utf8').trim().split('\n')
      const begun = lines.filter((line) => line.startsWith('begin')).length
      const halfDone = lines.filter((line, i) => line !== 'end' && lines[i + 1] === 'begin')
      process.stdout.write(
        `  figure: ${ROUNDS} rounds, ${begun} begun, ${lines.length - begun} ended, ` +
          `killed: ${Object.entries(kills)
            .map(([what, times]) => `${what} ${times}×`)
            .join(', ')}\n`,
      )
      expect(lines.filter((line) => line === 'overlap')).toEqual([])
      expect(halfDone).toEqual([])
      expect(begun).toBeGreaterThan(ROUNDS / 3)
      expect(kills['its ipc']).toBeGreaterThan(0)
      expect(kills.command).toBeGreaterThan(0)
    } finally {
      await bench.end()
    }
  },
  1_800_000,
)
