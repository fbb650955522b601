// An event: others wait until something has happened, then all of them go on.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Event } from '@ipc/sync'

const ready = Event.open('ready')

if (process.argv[2] === 'child') {
  console.log(`child: ready? ${ready.isSet}`)
  process.send('waiting')
  await ready.waitAsync()
  process.send(`ready? ${ready.isSet}`)
  process.disconnect()
} else {
  const child = fork(new URL(import.meta.url), ['child'])
  await once(child, 'message')
  console.log('parent: preparing')
  const answer = once(child, 'message')
  ready.set()
  console.log(`parent: the child went on, ${(await answer)[0]}`)
}

//> child: ready? false
//> parent: preparing
//> parent: the child went on, ready? true
