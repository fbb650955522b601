/** What is said, on standard output and standard error. */
import { BY_SIGNAL, UNUSABLE } from './exit.ts'

const SIGPIPE = 13

/** Who has read enough, as head(1), ends ipc as it ends others. */
export function print(text: string): void {
  onError(process.stdout, ({ code, message }) => {
    process.exit(code === 'EPIPE' ? BY_SIGNAL + SIGPIPE : say(message, UNUSABLE))
  })
  process.stdout.write(text)
}

/** In one line, why; answers with the status. Nothing fails because nobody reads it. */
export function say(message: string, status: number): number {
  onError(process.stderr, () => {})
  process.stderr.write(`ipc: ${message}\n`)
  return status
}

function onError(stream: NodeJS.WriteStream, then: (error: NodeJS.ErrnoException) => void): void {
  if (stream.listenerCount('error') === 0) stream.on('error', then)
}
