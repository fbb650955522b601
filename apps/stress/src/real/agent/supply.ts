/** A condition with its lock, as one object: some items are waited for, one at a time. */
import type { Handle } from '@ipc/core'
import type { Surroundings } from '@ipc/core/author'
import { Lock, RLock } from '@ipc/lock'
import { Condition } from '@ipc/sync'
import type { ConditionSpec } from '../program/program.ts'

export interface SupplyHandle {
  readonly lock: Handle
  readonly changed: Handle
}

export class Supply {
  readonly lock: Lock | RLock
  readonly changed: Condition

  constructor(lock: Lock | RLock, changed: Condition) {
    this.lock = lock
    this.changed = changed
  }

  static words(spec: ConditionSpec): number {
    return lockOf(spec).words() + Condition.words()
  }

  static inThread(spec: ConditionSpec): Supply {
    const lock = new (lockOf(spec))()
    return new Supply(lock, new Condition(lock))
  }

  static inProcess(spec: ConditionSpec): Supply {
    const lock = lockOf(spec).create()
    return new Supply(lock, Condition.create({ lock }))
  }

  static open(spec: ConditionSpec, name: string): Supply {
    const lock = lockOf(spec).open(name)
    return new Supply(lock, Condition.open(name, { lock }))
  }

  static from(spec: ConditionSpec, handle: SupplyHandle): Supply {
    const lock = lockOf(spec).from(handle.lock)
    return new Supply(lock, Condition.from(handle.changed, { lock }))
  }

  /** The lock comes first, then the condition; each is opened through a memory of its own. */
  static at(
    spec: ConditionSpec,
    memories: { readonly lock: Surroundings; readonly changed: Surroundings },
    index: number,
  ): Supply {
    const Class = lockOf(spec)
    const lock = Class.at(memories.lock, index)
    const changed = Condition.at(memories.changed, index + Class.words(), { lock })
    return new Supply(lock, changed)
  }

  static unlink(spec: ConditionSpec, name: string): void {
    Condition.unlink(name, { force: true })
    lockOf(spec).unlink(name, { force: true })
  }

  get handle(): SupplyHandle {
    return { lock: this.lock.handle, changed: this.changed.handle }
  }

  close(): void {
    this.changed.close()
    this.lock.close()
  }
}

function lockOf({ over }: ConditionSpec): typeof Lock | typeof RLock {
  return over === 'lock' ? Lock : RLock
}
