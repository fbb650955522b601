import { outOfRange, wrongType } from '../errors.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** The name of an object, or an error that shows it. */
export function checkName(name: unknown): string {
  if (typeof name !== 'string') throw wrongType('name', 'a string', name)
  if (NAME.test(name)) return name
  const shown = name.length > 140 ? `${name.slice(0, 130)}… (${name.length} characters)` : name
  throw Object.assign(
    outOfRange('name', '1 to 128 of A-Z a-z 0-9 . _ - and start with a letter or a digit', shown),
    { code: 'ERR_IPC_INVALID_NAME' },
  )
}
