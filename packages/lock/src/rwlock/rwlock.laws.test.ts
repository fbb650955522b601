/** An RWLock that only writers use is a lock. */
import { SharedMemory, type Handle } from '@ipc/core'
import { type Surroundings } from '@ipc/core/author'
import { stopAll, temporaryDirectory } from '@ipc/testing'
import { acquirableLaws } from '@ipc/testing/laws'
import { afterAll } from 'vitest'
import { RWLock } from './rwlock.ts'
import type { Writer } from './writer.ts'

const directory = temporaryDirectory()
afterAll(async () => {
  await stopAll()
  directory.remove()
})

acquirableLaws<Writer>(
  {
    Class: {
      name: 'Writer',
      create: () => RWLock.create().writer,
      open: (name) => RWLock.open(name).writer,
      at: (memory: Surroundings, index: number) => RWLock.at(memory, index).writer,
      from: (handle: Handle) => RWLock.from(handle).writer,
      words: () => RWLock.words(),
    },
    construct: () => new RWLock().writer,
    memory: (byteLength) => SharedMemory.create({ byteLength }),
    unit: new URL('../fixtures/sides.mjs', import.meta.url).href,
    few: true, // its code is Lock's
  },
  { title: 'Writer', owned: true, isFree: (writer) => writer.inspect().writer === null },
)
