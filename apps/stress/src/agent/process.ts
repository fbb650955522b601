/** An agent that is a process: its main module. */
import { Arena } from '../history/arena.ts'
import { Agent } from './agent.ts'
import type { Request } from './protocol.ts'

const agent = new Agent(Arena.from(JSON.parse(process.argv[2]!)), {
  send: (reply) => process.send!(reply),
  kill: () => process.kill(process.pid, 'SIGKILL'),
})
process.on('message', (request: Request) => agent.receive(request))
process.once('disconnect', () => process.exit())
