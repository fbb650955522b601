/** The messages between a test and its contender. */

export type Request =
  | { readonly do: 'run'; readonly id: number; readonly task: string; readonly argument?: unknown }
  | { readonly do: 'let go' }

export type Reply =
  | { readonly ready: true }
  | { readonly id: number; readonly result?: unknown }
  | { readonly id: number; readonly failure: Failure }

/** An error in the form in which it travels, or any other value that was thrown. */
export type Failure =
  | { readonly name: string; readonly message: string; readonly code?: unknown; stack?: string }
  | { readonly thrown: unknown }

export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { thrown: error }
  const { name, message, stack } = error
  const { code } = error as { code?: unknown }
  return { name, message, code, ...(stack === undefined ? {} : { stack }) }
}

export function fromFailure(failure: Failure): unknown {
  if ('thrown' in failure) return failure.thrown
  const { name, message, code, stack } = failure
  const Class = name === 'TypeError' ? TypeError : name === 'RangeError' ? RangeError : Error
  const error = new Class(message)
  Object.defineProperty(error, 'name', { value: name, configurable: true })
  if (code !== undefined) Object.assign(error, { code })
  error.stack = `${stack}\n    ... in a contender, asked by:\n${error.stack}`
  return error
}
