/** The completions that zsh and fish offer. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Bench } from '../fixtures/ipc.ts'

let bench: Bench

beforeEach(() => {
  bench = new Bench()
  mkdirSync(join(bench.home, 'bin'))
  const ipc = join(bench.home, 'bin', 'ipc')
  writeFileSync(ipc, `#!/bin/sh\nexec ${bench.ipcCommand} "$@"\n`)
  chmodSync(ipc, 0o755)
})

afterEach(async () => {
  await bench.end()
})

/** Candidates for the last word. */
type Offers = (...words: string[]) => Promise<readonly string[]>

async function lines(shell: string, args: string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const PATH = `${bench.home}/bin:${process.env['PATH'] ?? ''}`
  const { out, err } = await bench.program(shell, args, { HOME: bench.home, PATH, ...env }).ended
  expect(err).toBe('')
  return out.split('\n').filter((line) => line !== '')
}

/** Outside of a completion there is no compadd, so the test defines its own. */
const zsh: Offers = async (...words) => {
  const script = `compdef() { }; eval "$(ipc completion zsh)"
    compadd() { shift; print -l -- "$@" }; _normal() { print -l -- "normal: $words $CURRENT" }
    words=("$@"); CURRENT=$#; _ipc`
  const prefix = words.at(-1)!
  const all = await lines('zsh', ['-fc', script, 'zsh', 'ipc', ...words], {})
  return all.filter((line) => line.startsWith(prefix) || line.startsWith('normal'))
}

const fish: Offers = async (...words) => {
  const script = 'ipc completion fish | source; complete -C "$LINE"'
  const all = await lines('fish', ['-c', script], { LINE: ['ipc', ...words].join(' ') })
  return all.map((line) => line.replace(/\t.*/, ''))
}

const SHELLS: readonly [string, Offers][] = [
  ['zsh', zsh],
  ['fish', fish],
]

describe.each(SHELLS)('%s offers', (shell, offers) => {
  const there = spawnSync(shell, ['--version']).status === 0
  if (!there) process.stdout.write(`  NOT TESTED: completion, for want of ${shell}\n`)

  test.runIf(there)('commands, options, names and shells', async () => {
    await bench.ipc('set', 'nightly')
    expect((await offers('pr')).map((word) => word.trim())).toEqual(['prune'])
    expect(await offers('run', '--sh')).toEqual(['--shared'])
    expect(await offers('run', 'n')).toEqual(['nightly'])
    expect(await offers('completion', 'z')).toEqual(['zsh'])
    expect(await offers('rm', '--j')).toEqual([])
  })

  test.runIf(there)('after -- what the command offers', async () => {
    const after = await offers('run', 'nightly', '--', 'ipc', 'comp')
    expect(after).toEqual(shell === 'zsh' ? ['normal: ipc comp 2'] : ['completion'])
  })
})
