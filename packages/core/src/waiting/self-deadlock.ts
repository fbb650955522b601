/**
 * A promise that waits for what its own thread holds is no deadlock by itself: another task of the thread
 * will release, and so will the very function that holds it, unless it awaits that promise. Nobody can know
 * whether it does when the wait begins: `void lock.withAsync(…)` inside `lock.withAsync(…)` is a program
 * that works. So we ask a second later, and we ask V8, which knows: the asynchronous stack of a function
 * that is resumed lists the functions that await it. (A `Promise.race` that awaits it looks the same. To
 * give up, use a time-out: a lost race leaves the wait behind.)
 *
 * A frame does not say which lock it is about. But if all functions that run under a lock in this thread
 * are in the stack, then the one that holds this lock is.
 */
import type { Guard } from '../objects/guard.ts'

/** The holds under which a function runs: what `withAsync` has acquired and not yet released. */
export const running: Set<Guard> = new Set()

/** A wait gives this instead of its result, so that the functions that await it can be examined. */
export class Suspicion<T> {
  /** The wait goes on. */
  readonly rest: Promise<T>
  /** Ends it by an error. */
  readonly convict: () => void

  constructor(rest: Promise<T>, convict: () => void) {
    this.rest = rest
    this.convict = convict
  }
}

const MOST_FRAMES = 200

/** Whether everything in `running` awaits the asynchronous function that calls this, and has been resumed. */
export function isAwaitedByAllRunning(): boolean {
  const [, caller, ...others] = framesHere()
  if (caller === undefined) return false
  const name = caller.getFunctionName()
  const file = caller.getFileName()
  let awaiting = 0
  for (const frame of others) {
    if (frame.getFunctionName() === 'any') break // another one of the promises may be enough
    const isSame = frame.getFunctionName() === name && frame.getFileName() === file
    if (isSame && frame.isAsync()) awaiting++
  }
  return awaiting === running.size
}

/** The frames of this function's caller, and those above; none where the engine does not tell. */
function framesHere(): NodeJS.CallSite[] {
  let frames: NodeJS.CallSite[] = []
  const { stackTraceLimit } = Error
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  try {
    Error.stackTraceLimit = MOST_FRAMES
    Error.prepareStackTrace = (_error, sites) => void (frames = sites)
    void new Error().stack
    return frames.slice(1)
  } catch {
    return [] // the constructor is frozen
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    if (prepare === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
    else Object.defineProperty(Error, 'prepareStackTrace', prepare)
  }
}
