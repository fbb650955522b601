/** `ipc rm` and `ipc prune`. */
import { list, prune, type ListedObject } from '@ipc/core'
import { DONE, NOT_DONE } from '../exit.ts'
import { Failure } from '../failure.ts'
import { checkName, KINDS, unlinkerOf } from '../kinds.ts'
import { print, say } from '../print.ts'

export interface RmOptions {
  readonly kind?: string
  readonly force?: boolean
}

export async function rm(name: string, { kind, force = false }: RmOptions): Promise<number> {
  if (kind !== undefined && !KINDS.includes(kind)) {
    throw new Failure(`no such kind: ${JSON.stringify(kind)} (there are ${KINDS.join(', ')})`)
  }
  checkName(name)
  const chosen = kind ?? onlyKindOf(name) ?? 'lock'
  const unlinker = await unlinkerOf(chosen)
  const wasAbandoned = list().some(
    (one) => one.kind === chosen && one.name === name && one.abandoned === true,
  )
  try {
    if (unlinker(name, { force })) {
      if (wasAbandoned)
        say(`${name}: its last owner was killed; nobody will be told of it now`, DONE)
      return DONE
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code !== 'ERR_IPC_IN_USE') throw error
    return say(message.replace(/^unlink \S*: /, `${name}: `), NOT_DONE)
  }
  return say(`no ${kind ?? 'object'} is called ${name}`, NOT_DONE)
}

function isKept({ abandoned, users, name }: ListedObject): boolean {
  return abandoned === true && users.length === 0 && name !== null
}

function onlyKindOf(name: string): string | undefined {
  const kinds = list().flatMap((object) => (object.name === name ? [object.kind] : []))
  if (kinds.length < 2) return kinds[0]
  throw new Failure(
    `${kinds.length} objects are called ${name}: say --kind ${kinds.toSorted().join(' or ')}`,
  )
}

export interface PruneOptions {
  readonly json?: boolean
  readonly force?: boolean
}

export function pruneAll({ json, force = false }: PruneOptions): void {
  const removed = prune({ force }).map((file) => {
    const dot = file.indexOf('.')
    return { kind: file.slice(0, dot), name: file.slice(dot + 1) }
  })
  for (const { kind, name } of list().filter(isKept)) {
    say(`kept ${kind} ${name}: its last owner was killed, and the next one is to be told`, DONE)
  }
  if (json) print(`${JSON.stringify(removed, null, 2)}\n`)
  else for (const { kind, name } of removed) print(`removed ${kind} ${name}\n`)
}
