import { AGENTS } from './agents.mutants.ts'
import { BARRIER } from './barrier.mutants.ts'
import { BOUNDED } from './bounded.mutants.ts'
import { CONDITION } from './condition.mutants.ts'
import { CORE } from './core.mutants.ts'
import { EVENT } from './event.mutants.ts'
import { LOCK } from './lock.mutants.ts'
import type { Mutant } from './mutant.ts'
import { OPENERS } from './openers.mutants.ts'
import { PARKER } from './parker.mutants.ts'
import { RLOCK } from './rlock.mutants.ts'
import { RWLOCK } from './rwlock.mutants.ts'
import { SEMAPHORE } from './semaphore.mutants.ts'
import { UNDO } from './undo.mutants.ts'
import { WEBLOCKS } from './weblocks.mutants.ts'

export const MUTANTS: readonly Mutant[] = [
  ...CORE,
  ...LOCK,
  ...RLOCK,
  ...RWLOCK,
  ...SEMAPHORE,
  ...BOUNDED,
  ...UNDO,
  ...EVENT,
  ...CONDITION,
  ...BARRIER,
  ...AGENTS,
  ...OPENERS,
  ...PARKER,
  ...WEBLOCKS,
]
