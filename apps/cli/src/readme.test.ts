/** Runs the examples of the README, which must print what the README says. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Bench } from './fixtures/ipc.ts'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const EXAMPLE = /```sh\n((?:(?!```)[^])*)```\n\n```text\n((?:(?!```)[^])*)```/g

let bench: Bench

beforeEach(() => {
  bench = new Bench()
})

afterEach(async () => {
  await bench.end()
})

const examples = [...README.matchAll(EXAMPLE)].map(
  ([, script, output]) => [script!, output!] as const,
)

test('there are some', () => {
  expect(examples.length).toBeGreaterThanOrEqual(5)
})

test.each(examples)('%s', async (script, output) => {
  const bin = join(bench.home, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'ipc'), `#!/bin/sh\nexec "${process.execPath}" "${bench.cli}" "$@"\n`)
  chmodSync(join(bin, 'ipc'), 0o755)
  const PATH = `${bin}:${process.env['PATH'] ?? ''}`
  const { out, err } = await bench.program('sh', ['-c', script], { PATH }).ended
  expect({ out, err: err.replaceAll(/^Alarm clock\n|^ipc: nightly: the last .*\n/gm, '') }).toEqual(
    { out: output, err: '' },
  )
})
