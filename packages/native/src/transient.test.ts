import { expect, test } from 'vitest'
import { isTransient } from './transient.ts'

/** Seen with each call of the loader failing in turn. */
test.each([
  'cannot open shared object file: Too many open files',
  'failed to map segment from shared object',
  'cannot map zero-fill pages',
  'cannot create shared object descriptor: Cannot allocate memory',
])('%s: may succeed a moment later', (reason) => {
  expect(isTransient(`ipc.node: ${reason}`)).toBe(true)
})

test.each(['invalid ELF header', 'cannot open shared object file: No such file or directory'])(
  '%s: stays so',
  (reason) => {
    expect(isTransient(`ipc.node: ${reason}`)).toBe(false)
  },
)
