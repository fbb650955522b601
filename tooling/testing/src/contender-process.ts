import type { Request } from './protocol.ts'
import { serve } from './serve.ts'

// Requests that arrive before the modules are loaded wait in the channel's queue.
const channel = process.channel!
const backlog: Request[] = []
let receive = (request: Request): void => void backlog.push(request)
process.on('message', (request: Request) => receive(request))

receive = await serve(
  JSON.parse(process.argv[2]!) as Record<string, string>,
  (reply) => {
    if (process.connected) process.send!(reply)
  },
  () => channel.unref(),
)
process.once('disconnect', () => process.exit(0)) // the test is gone
process.send!({ ready: true })
backlog.forEach(receive)
