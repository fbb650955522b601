import { IpcError } from '@ipc/core'
import { wake } from './delivery.ts'
import { countListeners } from './node-listeners.ts'
import { bitsOf, signalName } from '../names/numbers.ts'
import { SIG_DFL, SIG_NODE, type Delivery, type Receiver, type Want } from './state.ts'

/**
 * Signals as Node has them, where there is no addon: it does not say who sent one, merges what comes
 * at once, and delivers only in the event loop. Ignoring is a listener that does nothing.
 */
export class NodeReceiver implements Receiver {
  readonly #arrived: Delivery[] = []
  readonly #listeners = new Map<number, () => void>()
  #sequence = 0

  apply(number: number, want: Want): void {
    const event = signalName(number) as NodeJS.Signals
    const before = this.#listeners.get(number)
    if (want === 'default' && countListeners(number) > (before === undefined ? 0 : 1)) {
      throw new IpcError(
        'ERR_IPC_UNSUPPORTED',
        `set the disposition of ${event}: process.on has listeners for it, and there is no addon here`,
      )
    }
    const after = this.#listenerFor(number, want)
    if (after !== undefined) process.on(event, after)
    if (before !== undefined) process.off(event, before)
    if (after === undefined) this.#listeners.delete(number)
    else this.#listeners.set(number, after)
  }

  #listenerFor(number: number, want: Want): (() => void) | undefined {
    if (want === 'ignored') return () => {}
    if (want !== 'caught') return undefined
    const unknown = { code: 0, pid: 0, uid: 0, value: 0, overrun: 0 }
    return () => {
      const info = { signal: signalName(number), number, ...unknown }
      this.#arrived.push({ info, chained: countListeners(number) > 1 })
      this.#sequence++
      wake()
    }
  }

  nodeDisposition(number: number): typeof SIG_DFL | typeof SIG_NODE {
    const own = this.#listeners.has(number) ? 1 : 0
    return countListeners(number) > own ? SIG_NODE : SIG_DFL
  }

  isInForce(): boolean {
    return true
  }

  chain(): void {}

  rearm(): void {}

  next(): Delivery | undefined {
    return this.#arrived.shift()
  }

  unread(): number {
    return this.#arrived.length
  }

  unreadSet(): bigint {
    return bitsOf(this.#arrived.map(({ info }) => info.number))
  }

  sequence(): number {
    return this.#sequence
  }

  resend(number: number): void {
    process.kill(process.pid, number)
  }

  mask(): void {}
}
