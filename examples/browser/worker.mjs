import { SharedMemory } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { Barrier } from '@ipc/sync'

self.addEventListener('message', ({ data: { handles, times } }) => {
  const lock = Lock.from(handles.lock)
  const barrier = Barrier.from(handles.barrier)
  const counters = new Int32Array(SharedMemory.from(handles.memory).buffer)

  barrier.wait()
  for (let i = 0; i < times; i++) counters[0]++
  for (let i = 0; i < times; i++) lock.with(() => counters[1]++)
  barrier.wait()
})
