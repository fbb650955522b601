import { SharedMemory } from '@ipc/core'
import { stopAll, temporaryDirectory } from '@ipc/testing'
import { acquirableLaws } from '@ipc/testing/laws'
import { afterAll } from 'vitest'
import { Lock } from './lock.ts'

const directory = temporaryDirectory()
afterAll(async () => {
  await stopAll()
  directory.remove()
})

acquirableLaws<Lock>(
  {
    Class: Lock,
    construct: () => new Lock(),
    memory: (byteLength) => SharedMemory.create({ byteLength }),
    unit: import.meta.resolve('@ipc/lock'),
  },
  { title: 'Lock', owned: true, isFree: (lock) => !lock.locked },
)
