import type { Lock, RLock, RWLock } from '@ipc/lock'
import type { Semaphore } from '@ipc/semaphore'
import type { Barrier, Event } from '@ipc/sync'
import type { Operation } from '../../program/program.ts'
import { stateOf } from '../look.ts'
import type { Stage } from '../stage.ts'
import type { Supply } from '../supply.ts'
import { meet } from './barrier.ts'
import { pulse, wait } from './event.ts'
import { give, hold, take } from './hold.ts'
import { nest } from './rlock.ts'
import { read, write } from './rwlock.ts'
import { consume, produce } from './supply.ts'
import { trespass } from './trespass.ts'

/** Does an operation of a program and records it; answers with a promise only if it is asynchronous. */
export function perform(stage: Stage, operation: Operation): Promise<void> | undefined {
  const { object: index } = operation
  const object = stage.objects[index]!
  switch (operation.do) {
    case 'hold':
      return hold(stage, operation, object as Lock | Semaphore)
    case 'take':
      return take(stage, operation, object as Semaphore)
    case 'give':
      return give(stage, operation, object as Semaphore)
    case 'nest':
      return nest(stage, operation, object as RLock)
    case 'read':
      return read(stage, operation, object as RWLock)
    case 'write':
      return write(stage, operation, object as RWLock)
    case 'trespass':
      return trespass(stage, operation, object as Lock | RLock | RWLock)
    case 'wait':
      return wait(stage, operation, object as Event)
    case 'set':
    case 'clear':
    case 'pulse':
      return pulse(stage, operation, object as Event)
    case 'meet':
      return meet(stage, operation, object as Barrier)
    case 'abort':
    case 'reset':
      stage.do(operation.do, index, () => (object as Barrier)[operation.do]())
      return undefined
    case 'produce':
      return produce(stage, operation, object as Supply)
    case 'consume':
      return consume(stage, operation, object as Supply)
    case 'look':
    default: {
      const at = stage.begin('look', index)
      stage.end(at, 'saw', stateOf(object))
      return undefined
    }
  }
}
