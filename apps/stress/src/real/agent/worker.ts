/** An agent that is a thread: the entry of its worker. */
import { parentPort, workerData } from 'node:worker_threads'
import { Arena } from '../history/arena.ts'
import { Agent } from './agent.ts'
import type { Reply, Request } from './protocol.ts'

const port = parentPort!
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, no window
const send = (reply: Reply): void => port.postMessage(reply)

const agent = new Agent(Arena.from(workerData), {
  send,
  kill() {
    send({ did: 'ask for its death' })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  },
})
port.on('message', (request: Request) => agent.receive(request))
