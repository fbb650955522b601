/** An agent that is a process: its main module. */
import { SIG_IGN, signal } from '@ipc/signals'
import { Arena } from '../history/arena.ts'
import { STORM } from '../run/faults.ts'
import { Agent } from './agent.ts'
import type { Request } from './protocol.ts'

let isStormy = false
const agent = new Agent(Arena.from(JSON.parse(process.argv[2]!)), {
  send: (reply) => process.send!(reply),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  takeStorms: (taken) => {
    if (taken) signal(STORM, () => {})
    else if (isStormy) signal(STORM, SIG_IGN) // a late signal does no harm
    isStormy ||= taken
  },
})
process.on('message', (request: Request) => agent.receive(request))
process.once('disconnect', () => process.exit())
