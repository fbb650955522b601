// A signal to another process: what `kill -USR1 PID` does, and who sent it.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { kill, signal } from '@ipc/signals'

if (process.argv[2] === 'child') {
  signal('SIGUSR1', (name, { pid }) => {
    console.log(`child: ${name} from ${pid === process.ppid ? 'my parent' : pid}`)
    process.disconnect() // nothing else keeps it alive
  })
  process.send('ready')
  process.on('message', () => {}) // keeps it alive
} else {
  const child = fork(new URL(import.meta.url), ['child'])
  await once(child, 'message')
  kill(child.pid, 'USR1') // or 'SIGUSR1', or 10
  const [code] = await once(child, 'exit')
  console.log(`parent: the child ended with ${code}`)
}

//> child: SIGUSR1 from my parent
//> parent: the child ended with 0
