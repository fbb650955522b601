/** Prints on standard output and standard error. */
import { writeSync } from 'node:fs'
import { BY_SIGNAL, UNUSABLE } from './exit.ts'

const SIGPIPE = 13
const STANDARD_ERROR = 2

/** A reader that has read enough, as head(1), ends ipc as it ends other programs. */
export function print(text: string): void {
  onError(process.stdout, ({ code, message }) => {
    process.exit(code === 'EPIPE' ? BY_SIGNAL + SIGPIPE : say(message, UNUSABLE))
  })
  process.stdout.write(text)
}

/**
 * Prints why, in one line, and returns the status. Nothing fails because nobody reads the line. It does
 * not use process.stderr, which makes a pipe non-blocking, also for the command that shares the pipe:
 * if the command wrote faster than somebody reads, its text would be lost.
 */
export function say(message: string, status: number): number {
  try {
    writeSync(STANDARD_ERROR, `ipc: ${message}\n`)
  } catch {
    // nobody reads it
  }
  return status
}

function onError(stream: NodeJS.WriteStream, then: (error: NodeJS.ErrnoException) => void): void {
  if (stream.listenerCount('error') === 0) stream.on('error', then)
}
