import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Reply, Request } from '../agent/protocol.ts'
import type { AgentSpec } from '../program/program.ts'

/** A thread or process that was started and does what it is told, until it dies. */
export interface Member {
  readonly kind: AgentSpec['runs']
  /** Its process; null if it is a thread. */
  readonly pid: number | null
  readonly alive: boolean
  /** Resolves when the kernel has ended it, with the reason. */
  readonly exited: Promise<string>
  /** Called with all that it says, until it is killed. */
  hear: (reply: Reply) => void
  /** Called when it has ended. */
  mourn: (reason: string) => void
  send(request: Request): void
  /** Ends it by SIGKILL or `terminate()`; does nothing if it is dead. */
  kill(): void
}

/** Agents run what was built, also when the sources are tested. */
const entry = (name: string): string =>
  fileURLToPath(new URL(`../../../dist/real/agent/${name}.js`, import.meta.url))

export function startProcess(arena: unknown): Member {
  const child = fork(entry('process'), [JSON.stringify(arena)], {
    execArgv: [],
    serialization: 'json',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  child.on('error', () => {}) // a request went to a process that was killed; `exited` tells
  return member('process', child.pid ?? null, exited, {
    listen: (hear) => void child.on('message', hear),
    send: (request) => void child.send(request, () => {}),
    kill: () => void child.kill('SIGKILL'),
  })
}

export function startWorker(arena: unknown): Member {
  const worker = new Worker(entry('worker'), { workerData: arena, execArgv: [] })
  let failure = ''
  worker.on('error', (error) => (failure = `, ${error.stack ?? error.message}`))
  const exited = new Promise<string>((resolve) => {
    worker.once('exit', (code) => resolve(`exit code ${code}${failure}`))
  })
  return member('worker', null, exited, {
    listen: (hear) => void worker.on('message', hear),
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, no window
    send: (request) => worker.postMessage(request),
    kill: () => void worker.terminate(),
  })
}

interface Line {
  listen(hear: (reply: Reply) => void): void
  send(request: Request): void
  kill(): void
}

function member(
  kind: AgentSpec['runs'],
  pid: number | null,
  exited: Promise<string>,
  line: Line,
): Member {
  let alive = true
  let doomed = false
  const made: Member = {
    kind,
    pid,
    get alive() {
      return alive
    },
    exited: exited.then((reason) => ended(reason)),
    hear: () => {},
    mourn: () => {},
    send: (request) => line.send(request),
    kill: () => {
      doomed = true
      if (alive) line.kill()
    },
  }
  const ended = (reason: string): string => {
    alive = false
    made.mourn(reason)
    return reason
  }
  line.listen((reply) => {
    if (!doomed) made.hear(reply)
  })
  return made
}
