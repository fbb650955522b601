import type { Guard } from '@ipc/core'
import type { RWLock } from '@ipc/lock'
import { isAsync, type Hold, type Operation } from '../../program/program.ts'
import { after, type Stage } from '../stage.ts'
import { CriticalSection, Sight, work } from './critical-section.ts'
import { kindOf, release, taking } from './hold.ts'

export function write(
  stage: Stage,
  { object, form, work: kind }: Hold<'write'>,
  { writer }: RWLock,
): Promise<void> | undefined {
  return taking(stage, 'acquire', object, writer, form, (guard) => {
    const section = new CriticalSection(stage.arena, object)
    section.enter(guard.abandoned)
    stage.inside()
    return after(work(kind, isAsync(form)), () => {
      section.leave()
      release(stage, 'release', object, 1, () => guard.release())
    })
  })
}

/**
 * Shares the lock a number of times: the inner shares are acquired at once, also behind a writer that waits.
 * It reads what the writers write, as it comes and as it goes, and gives the oldest share back before the
 * newest.
 */
export function read(
  stage: Stage,
  { object, form, times, work: kind }: Extract<Operation, { do: 'read' }>,
  { reader }: RWLock,
): Promise<void> | undefined {
  return taking(stage, 'share', object, reader, form, (first) => {
    const sight = new Sight(stage.arena, object)
    if (first.abandoned) sight.repair()
    const guards = [first, ...Array.from({ length: times - 1 }, () => again(stage, object, reader))]
    const at = stage.begin('read', object)
    sight.look()
    stage.inside()
    return after(work(kind, isAsync(form)), () => {
      sight.look()
      stage.end(at, 'saw', Number(sight.isTorn))
      for (const guard of guards) release(stage, 'unshare', object, 1, () => guard.release())
    })
  })
}

function again(stage: Stage, object: number, reader: RWLock['reader']): Guard {
  const at = stage.begin('share', object)
  const guard = reader.tryAcquire()
  if (guard === null) throw new Error('a thread that reads was not let in again')
  stage.end(at, kindOf(guard))
  return guard
}
