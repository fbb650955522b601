// Bound here: with the fake timers of a test, the callback would never run.
import { setImmediate } from 'node:timers'
import { Buffer } from 'node:buffer'
import { constants } from 'node:os'
import { Socket, type SocketConstructorOpts } from 'node:net'
import { setInterruption } from '@ipc/core/author'
import type { Native } from '@ipc/native'
import { drain, wake } from './delivery.ts'
import { countListeners, keepLibuv, letLibuvGo } from './node-listeners.ts'
import { bit, bitsOf } from '../names/numbers.ts'
import { Ring } from './ring.ts'
import { settle } from './settle.ts'
import { isBlocked, isWaitedFor, SIG_DFL, SIG_IGN, SIG_NODE } from './state.ts'
import type { Delivery, Receiver, Want } from './state.ts'
import { tables } from '../names/tables.ts'
import { settleLater } from './settle-later.ts'
import { watchListeners } from './watch-listeners.ts'
import { watchVm } from './watch-vm.ts'

/** The dispositions, in the addon's order. */
const DISPOSITIONS = [SIG_DFL, SIG_IGN, SIG_NODE] as const

/** The kernel forgets which of these are pending whenever their disposition becomes the default. */
const IGNORED_BY_DEFAULT: ReadonlySet<number> = new Set(
  (['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'] as const).map((name) => constants.signals[name]),
)

/** Signals as the kernel has them. It belongs to the main thread, and is made once per process. */
export class NativeReceiver implements Receiver {
  readonly #native: Native
  readonly #ring: Ring
  /** Changed by the signal handler after it has written to the ring. */
  readonly #sequence: Int32Array
  readonly #caught = new Set<number>()
  #lost = 0
  /** Signals that we have taken, and of which Node's listeners will hear in this turn of the event loop. */
  readonly #onTheWay = new Set<number>()

  constructor(native: Native) {
    this.#native = native
    this.#ring = new Ring(native)
    this.#sequence = new Int32Array(native.signals)
    const numbers = tables().entries.map((entry) => entry.number)
    const listened = bitsOf(numbers.filter((number) => countListeners(number) > 0))
    listen(native.signalsStart(listened))
    watchListeners(native)
    watchVm(native)
    const caught = this.#caught
    setInterruption({
      drain,
      get active() {
        return caught.size > 0
      },
    })
  }

  apply(number: number, want: Want, listened: boolean): void {
    if (want === 'caught') return this.#catch(number, listened)
    this.#caught.delete(number)
    if (countListeners(number) > 0) {
      if (!this.#onTheWay.has(number)) letLibuvGo(number) // otherwise it stays, for those
    } else if (!listened && !this.#mustKeepLibuv(number, want)) this.#letLibuvGo(number)
    if (want === 'node') this.#native.signalGiveBack(number)
    else this.#native.signalSet(number, want === 'ignored')
  }

  /** When libuv goes it sets the default, whose action nobody wants for a blocked signal, say. */
  #mustKeepLibuv(number: number, want: Want): boolean {
    if (IGNORED_BY_DEFAULT.has(number)) return false
    return want === 'ignored' || isBlocked(number)
  }

  #catch(number: number, listened: boolean): void {
    if (listened) keepLibuv(number) // so that those who listen see that somebody handles it
    const chain = this.#keepLibuv(number) || listened
    // A blocked signal is caught for those who wait for it, and for nobody else; but if SIGCHLD is
    // taken from libuv, libuv never hears of that child's end.
    const isMasked =
      isBlocked(number) && isWaitedFor(number) && number !== constants.signals.SIGCHLD
    this.#native.signalCatch(number, chain && !isMasked)
    if (this.#caught.has(number)) return
    this.#caught.add(number)
    this.#native.signalsEvict(bit(number))
  }

  /**
   * When the last listener of such a signal goes, libuv sets the default, which would lose what is
   * pending. And for SIGCHLD libuv registers by itself when a child is started, and deregisters after the
   * last one, replacing the handler that was there. While it has a listener it does neither.
   */
  #keepLibuv(number: number): boolean {
    if (!IGNORED_BY_DEFAULT.has(number)) return false
    keepLibuv(number)
    return true
  }

  #letLibuvGo(number: number): void {
    if (letLibuvGo(number)) this.#native.signalDisplaced(number, true)
  }

  isInForce(number: number): boolean {
    return this.#native.signalInForce(number)
  }

  chain(number: number): void {
    this.#expectListeners(number)
    this.#native.signalChain(number)
  }

  nodeDisposition(number: number): typeof SIG_DFL | typeof SIG_IGN | typeof SIG_NODE {
    return DISPOSITIONS[this.#native.signalDisposition(number)]!
  }

  rearm(): void {
    this.#ring.rearm()
  }

  next(): Delivery | undefined {
    if (this.#ring.lost !== this.#lost) this.#tellOfLosses()
    const delivery = this.#ring.next()
    if (delivery?.chained === true) this.#expectListeners(delivery.info.number)
    return delivery
  }

  /**
   * A listener that hears of the signal when we no longer handle the next one must still see that this
   * one was handled.
   */
  #expectListeners(number: number): void {
    const onTheWay = this.#onTheWay
    onTheWay.add(number)
    if (onTheWay.size > 1) return
    setImmediate(() => {
      const heard = [...onTheWay]
      onTheWay.clear()
      for (const each of heard) settle(each)
    })
  }

  #tellOfLosses(): void {
    const { lost } = this.#ring
    const message = `${lost - this.#lost} signals were lost: they came faster than their handlers ran`
    this.#lost = lost
    process.emitWarning(message, 'SignalOverflowWarning', 'IPC_SIGNAL_OVERFLOW')
  }

  unread(): number {
    return this.#ring.unread
  }

  unreadSet(): bigint {
    return this.#ring.unreadSet
  }

  sequence(): number {
    return this.#sequence[0]!
  }

  resend(number: number): void {
    this.#native.kill(process.pid, number)
  }

  mask(block: bigint, unblock: bigint): void {
    if (block !== 0n && !this.#native.signalsBlock(block)) settleLater(this.#native)
    if (unblock === 0n) return
    for (const { number } of tables().entries) {
      if ((unblock & bit(number)) !== 0n && !this.#caught.has(number)) settle(number)
    }
    this.#native.signalsUnblock(unblock)
  }
}

/** Reads the pipe in the event loop, one byte for any number of signals; keeps nothing alive. */
function listen(fd: number): void {
  // `onread` goes past the stream, which is much faster; the constructor takes it as `connect` does.
  const onread = { buffer: Buffer.alloc(8), callback: wakeAndReadOn }
  const options: SocketConstructorOpts = { fd, readable: true, writable: false }
  new Socket(Object.assign(options, { onread })).unref()
  // Work that handlers start goes on: the loop checks for more after this event.
  process.on('beforeExit', wake)
}

function wakeAndReadOn(): true {
  wake()
  return true
}
