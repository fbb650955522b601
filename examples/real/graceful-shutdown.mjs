// A server that finishes what it has begun when it is told to end, and takes nothing new.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { kill, signals } from '@ipc/signals'

if (process.argv[2] === 'server') {
  const server = createServer(async (_request, response) => {
    process.send('a request')
    await delay(100)
    response.end('an answer')
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
  for await (const { signal } of signals(['SIGTERM', 'SIGINT'])) {
    console.log(`server: ${signal}, finishing`)
    server.close()
    await once(server, 'close')
    console.log('server: all requests are answered')
    process.disconnect()
    break
  }
} else {
  const server = fork(new URL(import.meta.url), ['server'])
  const [port] = await once(server, 'message')
  const exit = once(server, 'exit')
  const asked = fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })
  await once(server, 'message')
  kill(server.pid, 'SIGTERM')
  const answer = await (await asked).text()
  const [code] = await exit
  console.log(`client: ${answer}, and the server ended with ${code}`)
}

//> server: SIGTERM, finishing
//> server: all requests are answered
//> client: an answer, and the server ended with 0
