/** `ipc rm` and `ipc prune`. */
import { list, prune } from '@ipc/core'
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
  const unlinker = await unlinkerOf(kind ?? onlyKindOf(name) ?? 'lock')
  try {
    if (unlinker(name, { force })) return DONE
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code !== 'ERR_IPC_IN_USE') throw error
    return say(message.replace(/^unlink \S*: /, `${name}: `), NOT_DONE)
  }
  return say(`no ${kind ?? 'object'} is called ${name}`, NOT_DONE)
}

function onlyKindOf(name: string): string | undefined {
  const kinds = list().flatMap((object) => (object.name === name ? [object.kind] : []))
  if (kinds.length < 2) return kinds[0]
  throw new Failure(
    `${kinds.length} objects are called ${name}: say --kind ${kinds.toSorted().join(' or ')}`,
  )
}

export function pruneAll({ json }: { readonly json?: boolean }): void {
  const removed = prune().map((file) => {
    const dot = file.indexOf('.')
    return { kind: file.slice(0, dot), name: file.slice(dot + 1) }
  })
  if (json) print(`${JSON.stringify(removed, null, 2)}\n`)
  else for (const { kind, name } of removed) print(`removed ${kind} ${name}\n`)
}
