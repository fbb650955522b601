import { SharedMemory } from '@ipc/core'
import { Lock, RWLock } from '@ipc/lock'
import { Semaphore } from '@ipc/semaphore'
import { Barrier, Condition, Event } from '@ipc/sync'

self.addEventListener('message', ({ data: { handles, times } }) => {
  const counter = new Int32Array(SharedMemory.from(handles.memory).buffer)
  const lock = Lock.from(handles.lock)
  const rwlock = RWLock.from(handles.rwlock)
  const changed = Condition.from(handles.changed, { lock })
  Event.from(handles.start).wait()
  Barrier.from(handles.barrier).wait()
  for (let i = 0; i < times; i++) {
    rwlock.reader.with(() => {})
    lock.with(() => counter[0]++)
  }
  rwlock.writer.with(() => {})
  lock.with(() => {
    counter[1]++
    changed.notifyAll()
  })
  Semaphore.from(handles.finished).release()
})
