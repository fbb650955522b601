import type { Action } from '../machine/action.ts'

/** `0.0.1-3`: the actions, repeated ones counted. */
export function writeSchedule(schedule: readonly Action[]): string {
  const runs: string[] = []
  for (let i = 0; i < schedule.length;) {
    let end = i
    while (schedule[end] === schedule[i]) end++
    runs.push(schedule[i]!.toString(36) + (end - i > 1 ? `-${end - i}` : ''))
    i = end
  }
  return runs.join('.')
}

/** null for what is no schedule. */
export function readSchedule(text: string): Action[] | null {
  if (text === '') return []
  if (!/^[0-9a-z]{1,6}(-\d{1,5})?(\.[0-9a-z]{1,6}(-\d{1,5})?)*$/.test(text)) return null
  return text.split('.').flatMap((run) => {
    const [action, times = '1'] = run.split('-')
    return Array.from({ length: Number(times) }, () => Number.parseInt(action!, 36))
  })
}
