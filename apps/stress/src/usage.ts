/** A command line that is wrong: it ends with one line for people and exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
}

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m)?$/
const UNIT_MS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
])

/** Reads `40s`, `500ms` or `2m`; a bare number is seconds. */
export function durationMs(option: string, text: string): number {
  const match = DURATION.exec(text)
  const ms = Number(match?.[1]) * (UNIT_MS.get(match?.[2] ?? 's') ?? NaN)
  if (ms > 0) return ms
  throw new UsageError(`${option} must be a duration like 40s, 500ms or 2m: ${text}`)
}

export function integer(option: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^-?\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageError(`${option} must be an integer from ${min} to ${max}: ${text}`)
}

/** Answers with `--seed`, or with a seed of our own. */
export function seedOf(text: string | undefined): number {
  if (text === undefined) return Math.floor(Math.random() * 0x7fffffff)
  return integer('--seed', text, 0, 0x7fffffff)
}

/** An error that `parseArgs` throws becomes a usage error; its first line says which argument it was. */
export function usage<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message.split(/[.\n]/, 1).join())
    throw error
  }
}
