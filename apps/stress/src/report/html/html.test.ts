import { expect, test } from 'vitest'
import { follow } from '@ipc/explorer/engine'
import { modelOf, parseProgram } from '../../subjects/program.ts'
import type { ExploredFailure, Report } from '../report.ts'
import { html } from './html.ts'

const failure: ExploredFailure = {
  half: 'explored',
  verdict: 'T0 <b>& all</b>',
  program: 'lock/hold/hold',
  agents: ['hold', 'hold'],
  faults: '',
  strategy: '≤ 2 preemptions',
  states: 1,
  schedules: 1,
  timeline: follow(modelOf(parseProgram('lock/hold/hold')), [0, 1, 1, 1, 1, 1, 1]),
  replay: 'npx -y pnpm@10.34.9 stress replay "x:lock/hold/hold/~0.1-6"',
}

const report: Report = {
  command: 'check',
  arguments: ['lock'],
  verdict: 'violated',
  text: 'FAILED: T0 <b>& all</b>',
  exitCode: 1,
  seed: 1,
  started: '2026-01-01T00:00:00.000Z',
  elapsedMs: 1000,
  platform: 'linux x64',
  coverage: [],
  programs: [],
  runs: null,
  mutants: [],
  mutantsLeft: 0,
  failures: [failure],
}

test('a page needs nothing else, and shows what it is given as text', () => {
  const page = html(report)
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
  expect(page).not.toMatch(/<script|<link|https?:|url\(|@import/)
  expect(page).not.toContain('<b>& all</b>')
  expect(page).toContain('T0 &lt;b&gt;&amp; all&lt;/b&gt;')
})

test('a page has a column for each thread, who sleeps on what, the words and the replay', () => {
  const page = html(report)
  expect(page.match(/class="lane-head"/g)).toHaveLength(2)
  expect(page).toMatch(/preempted/)
  expect(page).toContain('sleeps in acquire() on word = T0+WAITERS; the word is still that')
  expect(page).toContain('<span class="chip">WAITERS</span>')
  expect(page).toContain('stress replay &quot;x:lock/hold/hold/~0.1-6&quot;')
})
