/** Says who holds the object that ipc waits for, in a line for each holder. */
import type { SeenAgent } from '@ipc/core'
import { look } from './look.ts'
import { age } from './print.ts'

export function holdersOf(name: string): readonly string[] {
  const { objects, processes } = look(name)
  const lineOf = ({ pid, command, foreign }: SeenAgent): string => {
    if (foreign) return `held by pid ${pid} of another namespace`
    const runs = command === null ? pid : command.pid
    const process = processes.of(runs)
    const since = command?.since ?? process?.since
    const time =
      since === undefined ? '' : ` for ${command === null ? 'at most ' : ''}${ageOf(since)}`
    return `held by ${pid}${time}: ${runs === pid ? '' : `${runs} `}${process?.command ?? '(gone)'}`
  }
  return [...new Set(objects.flatMap(({ says }) => says.holders.map(lineOf)))]
}

function ageOf(since: Date): string {
  return age(Date.now() - since.getTime())
}
