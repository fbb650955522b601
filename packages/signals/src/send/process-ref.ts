import { IpcError } from '@ipc/core'
import { callAddon, integer } from '@ipc/core/author'
import type { Native, NativeProcess } from '@ipc/native'
import { nativeFor } from '../native.ts'
import { signalNumber, type Signal } from '../names/numbers.ts'

/**
 * A process, and never another one that has its number later: a pidfd. Linux only.
 * @see https://man7.org/linux/man-pages/man2/pidfd_open.2.html
 */
export class ProcessRef implements Disposable {
  readonly pid: number
  readonly #native: Native
  #process: NativeProcess | null

  private constructor(pid: number, addon: Native) {
    this.pid = pid
    this.#native = addon
    this.#process = callAddon(() => addon.processOpen(pid))
  }

  /**
   * Refers to the process that has this number now.
   * @throws Error ESRCH if there is none
   * @throws IpcError ERR_IPC_UNSUPPORTED but on Linux 5.3 and later
   */
  static open(pid: number): ProcessRef {
    return new ProcessRef(integer('pid', pid, 1, 0x7fffffff), nativeFor('refer to a process'))
  }

  /**
   * Sends it a signal.
   * @throws Error ESRCH once it has ended, waited for by its parent or not; EPERM
   */
  kill(signal: Signal): void {
    const number = signal === 0 ? 0 : signalNumber(signal)
    this.#native.processKill(this.#open(), number)
  }

  /** Whether it has ended. */
  get exited(): boolean {
    return this.#native.processExited(this.#open())
  }

  /** Gives the descriptor back, which otherwise the garbage collector does. */
  close(): void {
    if (this.#process !== null) this.#native.processClose(this.#process)
    this.#process = null
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #open(): NativeProcess {
    if (this.#process !== null) return this.#process
    throw new IpcError('ERR_IPC_CLOSED', `use a reference to process ${this.pid}: it was closed`)
  }
}
