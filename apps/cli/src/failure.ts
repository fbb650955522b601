import { CANNOT_RUN, NOT_FOUND, UNUSABLE } from './exit.ts'
import { say } from './print.ts'

/** A failure that ipc tells in one line, with an exit status. */
export class Failure extends Error {
  readonly status: number

  constructor(message: string, status: number = UNUSABLE) {
    super(message)
    this.status = status
  }
}

/** Says why nothing, or no more, was done; answers with the exit status. */
export function complain(error: unknown): number {
  const { code, exitCode, message } = error as {
    code?: string
    exitCode?: number
    message: string
  }
  if (error instanceof Failure) return say(error.message, error.status)
  if (code?.startsWith('commander.')) return ofCommander(code, exitCode ?? UNUSABLE, message)
  if (code !== undefined) return say(message, UNUSABLE)
  throw error // this is a bug of ours, so its stack is shown
}

/** If the user asked for help or the version, all is well; everything else is a wrong command line. */
function ofCommander(code: string, exitCode: number, message: string): number {
  if (exitCode === 0) return 0
  return say(
    `${message.replace(/^error: |\.$/g, '').replaceAll('\n', ' ')}; see ipc --help`,
    UNUSABLE,
  )
}

/** Says why a command could not be started. */
export function cannotRun(command: string, error: unknown): Failure {
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (syscall !== 'spawn' && syscall !== 'exec') throw error
  const why = code === 'ENOENT' ? 'command not found' : message.replace(/^.*?: /, '')
  return new Failure(`${command}: ${why}`, code === 'ENOENT' ? NOT_FOUND : CANNOT_RUN)
}
