/** `ipc alarm`: the timer survives when the process becomes the command. */
import { setitimer } from '@ipc/signals'
import { exactly } from '../arguments.ts'
import { cannotRun, Failure } from '../failure.ts'
import { inheritedDescriptors } from '../inherited.ts'
import { native } from '../native.ts'

export function alarm(ms: number, command: readonly string[]): never {
  if (command.length === 0) throw new Failure('no command: say ipc alarm DURATION -- COMMAND')
  if (ms === 0) throw new Failure('no duration: an alarm after 0 would never come')
  const descriptors = inheritedDescriptors()
  const addon = native()
  setitimer('real', { valueMs: ms })
  try {
    return addon.commandBecome(exactly(command), descriptors)
  } catch (error) {
    setitimer('real', { valueMs: 0 })
    throw cannotRun(command[0]!, error)
  }
}
