/** What the records of a history mean. */

/** In the receiver's track: a step, and what came while it ran. */
export const STEP = 1
/** A handler was called: the number, the value, the sender; `end` is the step that installed it. */
export const HANDLED = 2
/** A wait took it. */
export const TAKEN = 3
/** A listener of `process.on` was called: the number. */
export const HEARD = 4
/** How many of which signal `sigpending` named: the number. */
export const PENDING = 5

/** In a sender's track: the number, the value, how. */
export const SEND = 1

/** What became of a send, or of a step. */
export const RESULT = { done: 1, refused: 2, gone: 3, nothing: 4, threw: 5 } as const

/** The handlers that were there before the first step. */
export const FIRST_HANDLERS = -1

/** What `end` of a call of a handler is more than the step that installed it: never 0. */
export const INSTALLED = 2

/** Every send has its own. */
export function valueOf(sender: number, i: number): number {
  return sender * 100_000 + i
}
