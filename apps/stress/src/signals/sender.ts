import { kill, ProcessRef, sigqueue } from '@ipc/signals'
import { RESULT, SEND, valueOf } from './entries.ts'
import { FINISHED, type History } from './history.ts'
import { nap } from './nap.ts'
import { isRealTime, type Send } from './program.ts'
import { numberOf } from './numbers.ts'

const LOOK_MS = 0.05

/** Sends the signals of one sender of a program, each group when the receiver has come to its step. */
export class Sender {
  readonly #history: History
  readonly #track: number
  readonly #to: number
  readonly #ref: ProcessRef
  #count = 0

  constructor(history: History, track: number, to: number) {
    this.#history = history
    this.#track = track
    this.#to = to
    this.#ref = ProcessRef.open(to)
  }

  run(sends: readonly Send[]): void {
    for (const send of sends) {
      this.#history.setProgress(this.#track, send.at)
      while (this.#history.step <= send.at && !this.#history.stopped) nap(LOOK_MS)
      for (let i = 0; i < send.count && !this.#history.stopped; i++) {
        this.#send(send)
        if (send.gapMs > 0) nap(send.gapMs)
      }
    }
    this.#history.setProgress(this.#track, FINISHED)
    this.#ref.close()
  }

  #send({ signal, how }: Send): void {
    const value = valueOf(this.#track, this.#count++)
    const queued = how === 'queue' ? 1 : 0
    const at = this.#history.begin(this.#track, SEND, numberOf(signal), value, queued)
    try {
      if (how === 'queue') sigqueue(this.#to, signal, value)
      else if (how === 'kill') kill(this.#to, signal)
      else this.#ref.kill(signal)
      this.#history.end(at, RESULT.done)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const isFull = code === 'EAGAIN' && isRealTime(signal)
      if (!isFull && code !== 'ESRCH') throw error
      this.#history.end(at, isFull ? RESULT.refused : RESULT.gone)
    }
  }
}
