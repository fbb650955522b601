/** These numbers say what the records of a history mean. */

/** In the receiver's track, a record is a step, or something that came while it ran. */
export const STEP = 1
/** A handler was called: the number, the value, the sender; `end` is the step that installed it. */
export const HANDLED = 2
/** A wait took the signal. */
export const TAKEN = 3
/** A listener of `process.on` was called: the number. */
export const HEARD = 4
/** `sigpending` named a signal: the number. */
export const PENDING = 5

/** In a sender's track, a record is a send: the number, the value, how it was sent. */
export const SEND = 1

/** The result of a send, or of a step. */
export const RESULT = { done: 1, refused: 2, gone: 3, nothing: 4, threw: 5 } as const

/** The handlers that were there before the first step. */
export const FIRST_HANDLERS = -1

/** The `end` of a handler's call is the step that installed the handler, plus this: so it is never 0. */
export const INSTALLED = 2

/** Every send has a value of its own. */
export function valueOf(sender: number, i: number): number {
  return sender * 100_000 + i
}
