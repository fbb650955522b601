/** What is said, on standard output and standard error. */
import { writeSync } from 'node:fs'
import { BY_SIGNAL, UNUSABLE } from './exit.ts'

const SIGPIPE = 13
const STANDARD_ERROR = 2

/** Who has read enough, as head(1), ends ipc as it ends others. */
export function print(text: string): void {
  onError(process.stdout, ({ code, message }) => {
    process.exit(code === 'EPIPE' ? BY_SIGNAL + SIGPIPE : say(message, UNUSABLE))
  })
  process.stdout.write(text)
}

/**
 * In one line, why; answers with the status. Nothing fails because nobody reads it. Not by
 * process.stderr, which makes a pipe non-blocking, also for the command that has it too: what that
 * writes faster than somebody reads would be lost.
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
