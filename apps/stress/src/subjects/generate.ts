import fc from 'fast-check'
import { isWritable, MOST_AGENTS, segmentsOf, type Program } from './program.ts'
import type { Subject } from './subject.ts'

/** Makes random small programs of a subject, each of which a user could write. */
export function programs(subject: Subject): fc.Arbitrary<Program> {
  const names = segmentsOf(subject).map((segment) => segment.name)
  const segments = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
  const any: fc.Arbitrary<Program> = fc.record({
    subject: fc.constant(subject),
    agents: fc.array(segments, {
      minLength: 2,
      maxLength: subject.mostAgents ?? MOST_AGENTS,
    }),
    faults: fc.record({ crashes: fc.constantFrom(0, 0, 1), spurious: fc.constantFrom(0, 0, 0, 1) }),
    endless: fc.constant(false),
  })
  return any.filter(isWritable)
}
