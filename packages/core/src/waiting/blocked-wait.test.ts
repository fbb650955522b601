import { expect, test } from 'vitest'
import { inWords } from './blocked-wait.ts'

test('a long wait in words', () => {
  const owners = [
    { pid: 7, threadId: 0, alive: true },
    { pid: 8, threadId: 2, alive: false },
  ]
  const wait = { what: 'lock "x"', waitedMs: 1234.5, blocking: true, owners, isHeldHere: false }
  const [first, ...others] = inWords({ ...wait, askedAt: '    at f', heldAt: null }, 5, 1).split(
    '\n',
  )
  expect(first).toMatch(/^IPC 5\/1: lock "x": this thread is blocked since \S+Z \(1235 ms\)$/)
  expect(others).toEqual([
    'IPC 5/1: held by pid 7, thread 0, pid 8, thread 2 (dead)',
    'IPC 5/1: asked for at',
    'IPC 5/1:     at f',
    '',
  ])
})
