/** Every code that a class of ours carries; built-in classes carry Node's. */
export type IpcErrorCode =
  | 'ERR_IPC_BROKEN_BARRIER'
  | 'ERR_IPC_CLOSED'
  | 'ERR_IPC_CORRUPT'
  | 'ERR_IPC_DEADLOCK'
  | 'ERR_IPC_FULL'
  | 'ERR_IPC_IN_USE'
  | 'ERR_IPC_KIND_MISMATCH'
  | 'ERR_IPC_NOT_OWNER'
  | 'ERR_IPC_OPTIONS_MISMATCH'
  | 'ERR_IPC_UNLINKED'
  | 'ERR_IPC_UNSAFE_DIRECTORY'
  | 'ERR_IPC_UNSUPPORTED'

/**
 * A failure that no built-in class names. Read `code`, not `message`. System errors are plain
 * `Error`s with `errno`, `syscall` and `path`, as Node's own are.
 */
export class IpcError extends Error {
  override readonly name: string = 'IpcError'
  readonly code: IpcErrorCode
  /** The path of the file or directory that it is about, if there is one. */
  declare readonly path?: string

  constructor(code: IpcErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Calls the addon: an error that it throws with a code of ours becomes an IpcError, and keeps what it has.
 */
export function callAddon<R>(call: () => R): R {
  try {
    return call()
  } catch (error) {
    throw isOurs(error) ? another(error) : error
  }
}

function isOurs(error: unknown): error is IpcError {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('ERR_IPC_')
}

function another(error: IpcError): IpcError {
  return Object.assign(new IpcError(error.code, error.message), error)
}

/** Copies a reason for one more call that is told of it: no two are told by one object of ours. */
export function reasonForAnother(reason: unknown): unknown {
  return reason instanceof IpcError ? another(reason) : reason
}

/** How a wrong value is shown in a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`
  if (typeof value === 'object' && value !== null) {
    return `an instance of ${value.constructor?.name ?? 'null-prototype Object'}`
  }
  return String(value)
}

/** A TypeError: the value has the wrong type. */
export function wrongType(what: string, expected: string, value: unknown): TypeError {
  const error = new TypeError(`${what} must be ${expected}: ${shown(value)}`)
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
}

/** A RangeError: the type is right, the value is not. */
export function outOfRange(what: string, expected: string, value: unknown): RangeError {
  const error = new RangeError(`${what} must be ${expected}: ${shown(value)}`)
  return Object.assign(error, { code: 'ERR_OUT_OF_RANGE' })
}

/** An integer between `min` and `max`, or an error that names the value. */
export function integer(what: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw wrongType(what, 'a number', value)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(what, `an integer from ${min} to ${max}`, value)
  }
  return value
}

/** An option that is true or false; undefined is `otherwise`. */
export function flag(what: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise
  if (typeof value !== 'boolean') throw wrongType(what, 'a boolean', value)
  return value
}

/** An options object or undefined; anything else is a TypeError that shows the value. */
export function checkOptions(what: string, value: unknown): void {
  if (value !== undefined && (typeof value !== 'object' || value === null)) {
    throw wrongType(what, 'an object', value)
  }
}

/** @throws TypeError for what cannot be called */
export function checkFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongType(what, 'a function', value)
}

/** Whether `await` would wait for it. */
export function isThenable(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}
