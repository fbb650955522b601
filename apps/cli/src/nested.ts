/**
 * In `ipc run n -- ipc run n -- job` the inner ipc would wait forever for the outer one, which waits
 * for it. So the outer one tells its command, in the environment, what it holds. The environment lives
 * longer than the hold (a daemon keeps it), so the inner one believes it only if the inner one is an heir
 * and the agent that holds still lives: then the object that the inner one waits for stays held at least
 * until the inner one ends.
 */
import { observe } from '@ipc/core'
import { type Primitive } from '@ipc/core/author'
import { fstatSync, statSync } from 'node:fs'
import { Failure } from './failure.ts'

const VARIABLE = 'IPC_RUN_HOLDS'

interface Hold {
  readonly directory: string
  readonly agent: number
  readonly kind: string
  readonly name: string
}

export interface Wanted {
  readonly shared?: boolean
  readonly max?: number
}

/** Tells the command what this ipc holds, and passes on what an outer ipc has told. */
export function tellHolds(objects: readonly Primitive[]): void {
  const holds = objects.flatMap(({ place: { file, kind, name } }): Hold[] => {
    if (file === null || name === null) return []
    const { directory, agents } = file.domain
    return [{ directory, agent: agents.self, kind, name }]
  })
  process.env[VARIABLE] = JSON.stringify([...told(), ...holds])
}

/** @throws Failure if it is certain that the wait would never end */
export function refuseEndlessWait(
  name: string,
  wanted: Wanted,
  descriptors: readonly number[],
): void {
  const holds = told().filter((hold) => hold.name === name && isHeirIn(hold.directory, descriptors))
  if (holds.length === 0 || !excluded(holds.map(living), wanted)) return
  throw new Failure(`${name}: held by the ipc run that runs this one: this wait would never end`)
}

function excluded(held: readonly (string | null)[], { shared, max }: Wanted): boolean {
  const times = (kind: string): number => held.filter((one) => one === kind).length
  if (max !== undefined) return times('bounded') >= max
  return times('lock') > 0 || (!shared && times('rwlock') > 0)
}

/** The kind of the object that is held, if its holder lives. */
function living({ agent, kind }: Hold): string | null {
  return observe().agents.some((one) => one.agent === agent) ? kind : null
}

/** Compares devices and inodes, because a file that was made without a name shows none later. */
function isHeirIn(directory: string, descriptors: readonly number[]): boolean {
  try {
    const registry = statSync(`${directory}/.registry`)
    return descriptors.some((number) => {
      const { dev, ino } = fstatSync(number)
      return dev === registry.dev && ino === registry.ino
    })
  } catch {
    return false // it was removed
  }
}

function told(): readonly Hold[] {
  try {
    return JSON.parse(process.env[VARIABLE] ?? '[]') as readonly Hold[]
  } catch {
    return [] // somebody else has set the variable
  }
}
