// The three things that a process can do with a signal: what the kernel does, nothing, or a handler.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { kill, SIG_DFL, SIG_IGN, signal } from '@ipc/signals'

const DISPOSITIONS = {
  default: SIG_DFL,
  ignore: SIG_IGN,
  handler: (name) => console.log(`  child: ${name} is handled`),
}

const [, , how] = process.argv
if (how !== undefined) {
  signal('SIGHUP', DISPOSITIONS[how])
  process.on('message', () => process.disconnect())
  process.send('ready')
} else {
  for (const each of Object.keys(DISPOSITIONS)) {
    console.log(each)
    const child = fork(new URL(import.meta.url), [each])
    await once(child, 'message')
    kill(child.pid, 'SIGHUP')
    if (each !== 'default') child.send('end')
    const [code, killedBy] = await once(child, 'exit')
    console.log(killedBy === null ? `  ended with ${code}` : `  killed by ${killedBy}`)
  }
}

//> default
//>   killed by SIGHUP
//> ignore
//>   ended with 0
//> handler
//>   child: SIGHUP is handled
//>   ended with 0
