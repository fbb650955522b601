/**
 * Two loops, as cron would have them, run a command under one name, while now and then ipc, or the
 * command, is killed. Commands never overlap, nor what a killed command started: each takes a
 * flock(1), which never has to wait.
 */
import { observe } from '@ipc/core'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Bench } from './fixtures/ipc.ts'

/** In all; IPC_CLI_ROUNDS=1000 for the full size. */
const ROUNDS = Number(
  process.env['IPC_CLI_ROUNDS'] ?? (process.env['IPC_NIGHTLY'] === '1' ? 1000 : 40),
)

const hasFlock = spawnSync('flock', ['--version']).status === 0
if (!hasFlock) process.stdout.write('  NOT TESTED: overlap, for want of flock(1)\n')

const COMMAND = `
exec 9>>"$WITNESS"
flock -n 9 || echo overlap >>"$LOG"
echo begin >>"$LOG"
sleep 0.02
echo end >>"$LOG"
`
const LOOP = `n=0; while [ $n -lt $ROUNDS ]; do $IPC run cron -- sh "$COMMAND" 2>/dev/null; n=$((n + 1)); done`

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
      const kills = { ipc: 0, command: 0 }
      for (let i = 0; state.going; i++) {
        await delay(50 + Math.random() * 400)
        const holder = observe().agents.find(
          (agent) => agent.command !== null && !agent.livesInHeirs,
        )
        if (holder === undefined) continue
        const what = i % 2 === 0 ? 'ipc' : 'command'
        try {
          process.kill(what === 'ipc' ? holder.pid : holder.command!.pid, 'SIGKILL')
          kills[what]++
        } catch {
          // it has ended just now
        }
      }
      await ended
      const lines = readFileSync(log, 'utf8').split('\n')
      const count = (what: string): number => lines.filter((line) => line === what).length
      process.stdout.write(
        `  figure: ${ROUNDS} rounds, ${count('begin')} begun, ${count('end')} ended, ` +
          `killed: ipc ${kills.ipc}×, its command ${kills.command}×\n`,
      )
      expect(count('overlap')).toBe(0)
      expect(count('begin')).toBeGreaterThan(ROUNDS / 2)
      expect(kills.ipc).toBeGreaterThan(0)
      expect(count('end')).toBeLessThanOrEqual(count('begin'))
    } finally {
      await bench.end()
    }
  },
  1_800_000,
)
