import type { Action } from '../machine/action.ts'

/** Writes a schedule as `0.0.1-3`: its actions, with a count where one is repeated. */
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

/** Answers null for a string that is no schedule. */
export function readSchedule(text: string): Action[] | null {
  if (text === '') return []
  if (!/^[0-9a-z]{1,6}(-\d{1,5})?(\.[0-9a-z]{1,6}(-\d{1,5})?)*$/.test(text)) return null
  return text.split('.').flatMap((run) => {
    const [action, times = '1'] = run.split('-')
    return Array.from({ length: Number(times) }, () => Number.parseInt(action!, 36))
  })
}
