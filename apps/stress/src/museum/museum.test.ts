import { availableParallelism } from 'node:os'
import { test } from 'vitest'
import { MUTANTS } from './all.ts'
import { examine } from './examine.ts'
import type { Mutant } from './mutant.ts'

/** This is no more time than `stress check` takes by itself; all mutants are found long before. */
const BUDGET = '2m'
/** This test only asks whether they are found; `stress mutants` also makes the programs small. */
const SHRINK = '1ms'

/**
 * Two mutants of each primitive are examined, the first and the one in the middle; all are with
 * STRESS_MUSEUM=all, and in `stress mutants`.
 */
function chosen(): readonly Mutant[] {
  if (process.env['STRESS_MUSEUM'] === 'all') return MUTANTS
  return MUTANTS.filter((mutant) => {
    const alike = MUTANTS.filter(({ check }) => check === mutant.check)
    const place = alike.indexOf(mutant)
    return place === 0 || place === alike.length >> 1
  })
}

/** This many mutants are examined at once. */
const lanes: Promise<unknown>[] = Array.from({ length: Math.min(2, availableParallelism()) }, () =>
  Promise.resolve(),
)

function inLane<T>(i: number, work: () => Promise<T>): Promise<T> {
  const lane = i % lanes.length
  const result = lanes[lane]!.then(work)
  lanes[lane] = result.catch(() => {})
  return result
}

// A test also waits for its turn.
for (const [i, mutant] of chosen().entries()) {
  test.concurrent(`${mutant.name}: ${mutant.what}`, { timeout: 900_000 }, async ({ expect }) => {
    const examined = await inLane(i, () => examine(mutant, BUDGET, SHRINK))
    expect(examined).toMatchObject({ verdict: 'found' })
  })
}
