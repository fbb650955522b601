import type { Native } from '@ipc/native'
import { bit, signalName } from '../names/numbers.ts'
import type { Delivery } from './state.ts'

// Words of `ipc_signal_ring`, in native/signals.h, where the protocol is.
const TAIL = 0
const HEAD = 1
const RUNG = 2
const THROTTLING = 3
const LOST = 4
const RECORDS = 8
const RECORD_WORDS = 8

/**
 * The deliveries that the signal handler has written and nobody has read yet. Only the handler changes
 * the ring meanwhile, and it interrupts this very thread, so plain accesses are as good as atomic ones.
 */
export class Ring {
  readonly #native: Native
  readonly #words: Int32Array
  readonly #capacity: number

  constructor(native: Native) {
    this.#native = native
    this.#words = new Int32Array(native.signalRing)
    this.#capacity = (this.#words.length - RECORDS) / RECORD_WORDS
  }

  /** Deliveries since the start, modulo 2³². */
  get received(): number {
    return (this.#words[TAIL]! + this.#words[LOST]!) >>> 0
  }

  /** Those of them that found no room. */
  get lost(): number {
    return this.#words[LOST]! >>> 0
  }

  get unread(): number {
    return (this.#words[TAIL]! - this.#words[HEAD]!) | 0
  }

  /** The signals that `next` will give. */
  get unreadSet(): bigint {
    const words = this.#words
    let set = 0n
    for (let at = words[HEAD]!; at !== words[TAIL]!; at = (at + 1) | 0) {
      set |= bit(words[this.#recordAt(at)]!)
    }
    return set
  }

  #recordAt(at: number): number {
    return RECORDS + (at & (this.#capacity - 1)) * RECORD_WORDS
  }

  /** Called when the pipe was read, before `next`: signals that come from now on ring again. */
  rearm(): void {
    this.#words[RUNG] = 0
  }

  /** Takes the oldest delivery, if there is any. */
  next(): Delivery | undefined {
    const words = this.#words
    const head = words[HEAD]!
    const unread = (words[TAIL]! - head) | 0
    if (unread === 0) return undefined
    const delivery = deliveryAt(words, this.#recordAt(head))
    words[HEAD] = head + 1
    if (words[THROTTLING] !== 0 && unread < this.#capacity / 2) this.#native.signalsRelease()
    return delivery
  }
}

function deliveryAt(words: Int32Array, at: number): Delivery {
  const number = words[at]!
  const info = {
    signal: signalName(number),
    number,
    code: words[at + 1]!,
    pid: words[at + 2]!,
    uid: words[at + 3]! >>> 0,
    value: words[at + 4]!,
    overrun: words[at + 5]!,
  }
  return { info, chained: words[at + 6] !== 0 }
}
