// Two cron jobs that never overlap: the second gives up at once if the first still runs; and after a
// job that was killed the next one knows that there may be something to clean up.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Lock } from '@ipc/lock'

async function job(name, work) {
  const lock = Lock.open('nightly-report')
  const guard = await lock.tryAcquireAsync()
  if (guard === null) return console.log(`${name}: the one before still runs`)
  try {
    if (guard.abandoned) console.log(`${name}: the one before was killed, cleaning up`)
    await work()
    console.log(`${name}: done`)
  } finally {
    guard.release()
  }
}

const [, , name] = process.argv
if (name !== undefined) {
  await job(name, async () => {
    if (name !== '02:00' && name !== '04:00') return
    process.send('working')
    await new Promise((resolve) => process.once('message', resolve)) // the job takes a long time
  })
  if (process.connected) process.disconnect()
} else {
  const start = (at) => fork(new URL(import.meta.url), [at])
  const first = start('02:00')
  await once(first, 'message')
  await once(start('03:00'), 'exit')
  first.send('go on')
  await once(first, 'exit')

  const second = start('04:00')
  await once(second, 'message')
  second.kill('SIGKILL')
  await once(second, 'exit')
  await once(start('05:00'), 'exit')
}

//> 03:00: the one before still runs
//> 02:00: done
//> 05:00: the one before was killed, cleaning up
//> 05:00: done
