/**
 * `ipc run`. The state of the lock depends on which processes live:
 *
 *   | ipc   | command | what it started | the lock is                                               |
 *   |-------|---------|-----------------|-----------------------------------------------------------|
 *   | lives | runs    | any             | held                                                      |
 *   | lives | ended   | runs            | held; ipc waits for it (unless --command-only)            |
 *   | lives | ended   | ended           | released; after a signal abandoned, and ipc ends          |
 *   | dead  | runs    | any             | held by the heirs: they have a descriptor of the owner's  |
 *   | dead  | ended   | runs            | held by the heirs                                         |
 *   | dead  | ended   | ended           | abandoned: the next owner is told                         |
 *
 * If ipc leaves in good order (so not by process.exit), whatever it has not released is abandoned at
 * once, also with --command-only and heirs that live.
 *
 * The order matters: the lock is acquired, then bequeathed, and then the command is started. If ipc is
 * killed before the start, nothing runs and the lock is abandoned; from the start on the command is an
 * heir. Heirs count by their descriptors and not by the process number of the command, because the
 * processes that a killed shell leaves behind work on, too.
 */
import { bequeath, hasHeirs, mayHaveHeirs, noteCommand, type Bequest } from '@ipc/core/author'
import { BY_SIGNAL, DONE } from '../exit.ts'
import { cannotRun } from '../failure.ts'
import { inheritedDescriptors } from '../inherited.ts'
import { native } from '../native.ts'
import { refuseEndlessWait, tellHolds } from '../nested.ts'
import { nameOf, planOf, type Plan, type RunOptions } from '../plan.ts'
import { say } from '../print.ts'
import { deadlineOf, holdExclusive, holdOneOf, holdShared, type Tenure } from '../tenure.ts'

/** How often ipc checks whether the last heir has ended, and when it says that it waits for one. */
const LOOK_MS = 20
const PATIENCE_MS = 1000

/** How a command ended, in the way that a shell tells it. */
interface Ending {
  readonly status: number
  readonly bySignal: boolean
}

export async function run(
  given: string,
  command: readonly string[],
  options: RunOptions,
): Promise<number> {
  const name = await nameOf(given)
  const what = planOf(given, command, options)
  const descriptors = inheritedDescriptors()
  native().commandAwait()
  if (what.timeout === undefined) refuseEndlessWait(name, what, descriptors)
  mayHaveHeirs()
  const tenure = await (what.verbose ? takeAloud(name, what) : take(name, what))
  if (tenure === null) return what.conflictExitCode
  delete process.env['IPC_ABANDONED'] // it may come from an ipc that runs this one
  if (!what.commandOnly) tellHolds(tenure.objects)
  if (tenure.abandoned) {
    const status = repair(name, tenure, descriptors, what)
    if (status !== DONE) return status
  }
  const { status, bySignal } = runUnder(tenure, what.words, descriptors, () => tenure.begin())
  if (!what.commandOnly) waitForHeirs(name, tenure, String(what.words[0]))
  if (!bySignal) tenure.release()
  return status
}

async function take(name: string, { timeout, shared, max }: Plan): Promise<Tenure | null> {
  const deadline = deadlineOf(timeout)
  if (max !== undefined) return await holdOneOf(name, max, deadline)
  return shared ? holdShared(name, deadline) : holdExclusive(name, deadline)
}

async function takeAloud(name: string, plan: Plan): Promise<Tenure | null> {
  const start = performance.now()
  let tenure = await take(name, { ...plan, timeout: 0 })
  if (tenure === null) {
    for (const line of await holdersOf(name)) say(`${name}: ${line}`, DONE)
    if (plan.timeout !== 0) tenure = await take(name, plan)
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(3)
  say(`${name}: ${tenure === null ? 'given up' : 'acquired'} after ${seconds} s`, DONE)
  return tenure
}

async function holdersOf(name: string): Promise<readonly string[]> {
  return (await import('../look/holders.ts')).holdersOf(name)
}

/** Repairs before the command runs, when nobody else can get at what the last owner left. */
function repair(
  name: string,
  tenure: Tenure,
  descriptors: readonly number[],
  { abandonedExec }: Plan,
): number {
  process.env['IPC_ABANDONED'] = '1'
  if (abandonedExec === undefined) {
    return say(`${name}: the last owner was killed: what it did may be half-done`, DONE)
  }
  const { status } = runUnder(tenure, ['sh', '-c', abandonedExec], descriptors)
  if (status === DONE) return DONE
  return say(`${name}: the last owner was killed, and --abandoned-exec failed`, status)
}

function runUnder(
  tenure: Tenure,
  words: readonly (string | Uint8Array)[],
  descriptors: readonly number[],
  started: () => void = () => {},
): Ending {
  const bequests: Bequest[] = []
  try {
    for (const object of tenure.objects) bequests.push(bequeath(object))
    const [code, signal] = native().commandRun(words, descriptors, (pid) => {
      noteCommand(tenure.objects[0]!, pid)
      for (const bequest of bequests) bequest.close()
      started()
    })
    return { status: signal === 0 ? code : BY_SIGNAL + signal, bySignal: signal !== 0 }
  } catch (error) {
    for (const bequest of bequests) bequest.close()
    if (!tenure.abandoned) tenure.release() // an abandoned one is kept, so that the next owner is told
    throw cannotRun(String(words[0]), error)
  }
}

/** Waits for the heirs. Signals end ipc meanwhile, and the heirs keep the lock. */
function waitForHeirs(name: string, { objects }: Tenure, command: string): void {
  const sleep = new Int32Array(new SharedArrayBuffer(4))
  for (let waited = 0; hasHeirs(objects[0]!); waited += LOOK_MS) {
    if (waited === PATIENCE_MS) {
      say(`${name}: ${command} has ended; held until what it left in the background ends`, DONE)
    }
    Atomics.wait(sleep, 0, 0, LOOK_MS)
  }
}
