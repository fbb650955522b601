import { parentPort, workerData } from 'node:worker_threads'
import type { Request } from './protocol.ts'
import { serve } from './serve.ts'

const port = parentPort!
const { modules } = workerData as { modules: Record<string, string> }

const receive = await serve(
  modules,
  (reply) => port.postMessage(reply),
  () => port.unref(),
)
port.on('message', (request: Request) => receive(request))
port.postMessage({ ready: true })
