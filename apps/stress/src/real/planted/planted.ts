import type { Memory } from '@ipc/core/author'
import type { ObjectSpec } from '../program/program.ts'
import { PLANTED_SIGNALS } from '../../signals/planted.ts'
import { UsageError } from '../../usage.ts'
import { IgnoresContention } from './ignores-contention.ts'
import { InnerReleaseFrees } from './inner-release-frees.ts'
import { LostPulse } from './lost-pulse.ts'
import { NewestFirst } from './newest-first.ts'
import { OverlooksReaders } from './overlooks-readers.ts'
import { PassesWhenBroken } from './passes-when-broken.ts'
import { SplitRelease } from './split-release.ts'

/** A bug that is put between the shipped code and its memory, to see whether the checks find it. */
interface Planted {
  readonly wrap: new (memory: Memory, place: number) => Memory
  appliesTo(spec: ObjectSpec): boolean
}

const PLANTED: ReadonlyMap<string, Planted> = new Map<string, Planted>([
  ['ignores-contention', { wrap: IgnoresContention, appliesTo: ({ kind }) => kind === 'lock' }],
  [
    'split-release',
    { wrap: SplitRelease, appliesTo: (spec) => spec.kind === 'semaphore' && !spec.undo },
  ],
  ['inner-release-frees', { wrap: InnerReleaseFrees, appliesTo: ({ kind }) => kind === 'rlock' }],
  ['overlooks-readers', { wrap: OverlooksReaders, appliesTo: ({ kind }) => kind === 'rwlock' }],
  ['passes-when-broken', { wrap: PassesWhenBroken, appliesTo: ({ kind }) => kind === 'barrier' }],
  [
    'newest-first',
    { wrap: NewestFirst, appliesTo: (spec) => spec.kind === 'condition' && spec.over === 'lock' },
  ],
  ['lost-pulse', { wrap: LostPulse, appliesTo: ({ kind }) => kind === 'event' }],
])

export const PLANTED_NAMES: readonly string[] = [...PLANTED.keys(), ...PLANTED_SIGNALS]

export function checkPlanted(name: string | undefined): string | undefined {
  if (name === undefined || PLANTED_NAMES.includes(name)) return name
  throw new UsageError(`--planted must be one of ${PLANTED_NAMES.join(', ')}: ${name}`)
}

export function isPlantedIn(spec: ObjectSpec, planted: string | undefined): boolean {
  return planted !== undefined && (PLANTED.get(planted)?.appliesTo(spec) ?? false)
}

/** Whether a program can show the bug, if one of its objects must have it. */
export function canShow(
  { objects }: { readonly objects: readonly ObjectSpec[] },
  planted: string | undefined,
): boolean {
  const bug = planted === undefined ? undefined : PLANTED.get(planted)
  return bug === undefined || objects.some((spec) => bug.appliesTo(spec))
}

/** Answers with the memory for an object at a place: the real one, or one with the bug. */
export function plantedMemory(
  spec: ObjectSpec,
  planted: string | undefined,
  real: Memory,
  place: number,
): Memory {
  return isPlantedIn(spec, planted) ? new (PLANTED.get(planted!)!.wrap)(real, place) : real
}
