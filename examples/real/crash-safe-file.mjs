// Several processes change one file. Each writes a new one aside and puts it in its place, under a
// lock; one that is killed in the middle leaves the old file whole, and the next cleans up after it.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  openSync,
  fsyncSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { Lock } from '@ipc/lock'

const FILE = 'account.json'
const lock = Lock.open('account')

function change(update, crash) {
  lock.with((guard) => {
    if (guard.abandoned && existsSync(`${FILE}.new`)) {
      console.log('somebody was killed while it wrote: removing what it left')
      rmSync(`${FILE}.new`)
    }
    const before = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { balance: 0 }
    const text = JSON.stringify(update(before))
    const file = openSync(`${FILE}.new`, 'wx')
    writeSync(file, text.slice(0, 5))
    if (crash) process.kill(process.pid, 'SIGKILL')
    writeSync(file, text.slice(5))
    fsyncSync(file)
    closeSync(file)
    renameSync(`${FILE}.new`, FILE)
  })
}

const pay =
  (amount) =>
  ({ balance }) => ({ balance: balance + amount })

const [, , how] = process.argv
if (how !== undefined) {
  for (let i = 0; i < 50; i++) change(pay(1), how === 'crashes' && i === 25)
} else {
  const start = (each) => once(fork(new URL(import.meta.url), [each]), 'exit')
  await Promise.all([start('works'), start('works')])
  console.log(readFileSync(FILE, 'utf8'))
  const [, killedBy] = await start('crashes')
  console.log(`one was killed by ${killedBy}`)
  change(pay(0))
  console.log(readFileSync(FILE, 'utf8'))
}

//> {"balance":100}
//> one was killed by SIGKILL
//> somebody was killed while it wrote: removing what it left
//> {"balance":125}
