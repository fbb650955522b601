// Process scope: a lock that another process may hold. The program prints what it found.
import { Lock } from '@ipc/lock'

let found
try {
  const lock = Lock.open('runtimes')
  const guard = lock.tryAcquire()
  found = { has: guard !== null, abandoned: guard?.abandoned ?? false }
  if (process.argv[2] === 'keep') process.kill(process.pid, 'SIGKILL')
  guard?.release()
  lock.close()
} catch (error) {
  found = { code: error.code, message: error.message }
}
console.log(JSON.stringify(found))
