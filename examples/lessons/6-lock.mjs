// A lock: with a block, which releases it whatever happens, and without one.
import { Lock } from '@ipc/lock'

const lock = Lock.open('resource')

// A block releases the lock at its end.
const result = await lock.withAsync(async (guard) => {
  console.log(`inside, held: ${guard.held}`)
  return 42
})
console.log(`outside, locked: ${lock.locked}, result: ${result}`)

// It does so even when it throws.
try {
  lock.with(() => {
    throw new Error('something went wrong')
  })
} catch (error) {
  console.log(`${error.message}, locked: ${lock.locked}`)
}

// Without a block nobody but you releases it.
const guard = await lock.acquireAsync()
try {
  console.log(`inside, somebody else may not: ${Lock.open('resource').tryAcquire()}`)
} finally {
  guard.release()
}
console.log(`outside, locked: ${lock.locked}`)

// This waits for some time only.
const mine = lock.acquire()
console.log(`after 20 ms: ${await lock.tryAcquireAsync({ timeoutMs: 20 })}`)
mine.release()

//> inside, held: true
//> outside, locked: false, result: 42
//> something went wrong, locked: false
//> inside, somebody else may not: null
//> outside, locked: false
//> after 20 ms: null
