import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mutants, Workshop } from './museum.ts'

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url))

/** One of each kind; `stress mutants` examines all. */
const QUICK = ['lock-taker-forgets-waiters', 'semaphore-taker-wakes-nobody', 'event-lost-pulse']

let workshop: Workshop
beforeAll(() => {
  workshop = new Workshop()
})
afterAll(() => {
  workshop.close()
})

test('every patch of the museum applies', () => {
  for (const { file } of mutants()) {
    expect(() => execFileSync('git', ['apply', '--check', file], { cwd: ROOT })).not.toThrow()
  }
})

for (const mutant of mutants().filter(({ name }) => QUICK.includes(name))) {
  test(`stress check finds: ${mutant.what}`, { timeout: 120_000 }, async () => {
    expect(await workshop.examine(mutant, '60s')).toMatchObject({ verdict: 'found' })
  })
}
