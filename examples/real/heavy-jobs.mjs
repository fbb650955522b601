// At most two heavy jobs run on this machine, whoever starts them; one that is killed makes room.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { BoundedSemaphore } from '@ipc/semaphore'

const JOBS = 2
const jobs = BoundedSemaphore.open('heavy-jobs', { value: JOBS })

if (process.argv[2] === 'job') {
  await jobs.withAsync(async () => {
    process.send('running')
    await new Promise((resolve) => process.once('message', resolve)) // this is the heavy work
  })
  process.disconnect()
} else {
  const start = async () => {
    const job = fork(new URL(import.meta.url), ['job'])
    await once(job, 'message')
    return job
  }
  const running = [await start(), await start()]
  console.log(`${JOBS} run, ${jobs.value} more may`)

  const third = start() // it waits
  running[0].kill('SIGKILL')
  running[0] = await third
  console.log('one was killed: the third runs')

  for (const job of running) job.send('go on')
  await Promise.all(running.map((job) => once(job, 'exit')))
  console.log(`none runs, ${jobs.value} may`)
}

//> 2 run, 0 more may
//> one was killed: the third runs
//> none runs, 2 may
