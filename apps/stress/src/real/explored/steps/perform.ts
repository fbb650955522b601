import type { Lock, RLock, RWLock } from '@ipc/lock'
import type { Semaphore } from '@ipc/semaphore'
import type { Barrier, Event } from '@ipc/sync'
import type { Supply } from '../../agent/supply.ts'
import { stateOf } from '../../agent/look.ts'
import type { Operation } from '../../program/program.ts'
import type { Stage } from '../stage.ts'
import * as barrier from './barrier.ts'
import * as event from './event.ts'
import * as hold from './hold.ts'
import * as rlock from './rlock.ts'
import * as rwlock from './rwlock.ts'
import * as supply from './supply.ts'
import { trespass } from './trespass.ts'

const STEPS = [hold, rlock, rwlock, event, barrier, supply]

/** The codes that begin a wait, and those that end it, for each kind of object. */
export const WAIT_CODES: ReadonlySet<string> = new Set(STEPS.flatMap((of) => of.WAIT_CODES))
export const END_CODES: ReadonlySet<string> = new Set(STEPS.flatMap((of) => of.END_CODES))

/**
 * Does an operation of a real program, and tells the monitor; answers with a promise only if it is
 * asynchronous.
 */
export function perform(stage: Stage, operation: Operation): Promise<void> | undefined {
  const { object: index } = operation
  const object = stage.objects[index]!
  switch (operation.do) {
    case 'hold':
    case 'take':
      return hold.hold(stage, operation, object as Lock | Semaphore)
    case 'give':
      return hold.give(stage, operation, object as Semaphore)
    case 'nest':
      return rlock.nest(stage, operation, object as RLock)
    case 'read':
    case 'write':
      return rwlock.hold(stage, operation, object as RWLock)
    case 'trespass':
      return trespass(operation, object as Lock | RLock | RWLock)
    case 'wait':
      return event.wait(stage, operation, object as Event)
    case 'set':
    case 'clear':
    case 'pulse':
      return event.pulse(stage, operation, object as Event)
    case 'meet':
      return barrier.meet(stage, operation, object as Barrier)
    case 'abort':
    case 'reset':
      return barrier.change(stage, operation, object as Barrier)
    case 'produce':
      return supply.produce(stage, operation, object as Supply)
    case 'consume':
      return supply.consume(stage, operation, object as Supply)
    case 'look':
    default:
      stateOf(object)
      return undefined
  }
}
