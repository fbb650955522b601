/** One delivery of a signal: its sender, and what was sent. */
export interface SignalInfo {
  readonly signal: string
  readonly number: number
  /** How it was sent: `SI_USER`, `SI_QUEUE`, `SI_KERNEL`, …; positive ones depend on the signal. */
  readonly code: number
  /** The process that sent it; 0 if the kernel did. A sender that queues a signal can forge it. */
  readonly pid: number
  readonly uid: number
  /** The value that `sigqueue` sent with it; for SIGCHLD the status of the child; otherwise 0. */
  readonly value: number
  /** For POSIX timers (`SI_TIMER`): how many expirations this delivery stands for beyond one. */
  readonly overrun: number
}

/** The function that is called for a delivery. The name comes first, as in Python and in Node. */
export type SignalHandler = (signal: string, info: SignalInfo) => void

/** Sent by `kill`. */
export const SI_USER = 0
/** Sent by `sigqueue`. */
export const SI_QUEUE: number = -1
/** A POSIX timer ran out. */
export const SI_TIMER: number = -2
/** Sent to one thread: by `raise`, among others. */
export const SI_TKILL: number = -6
/** Sent by the kernel: a key, `alarm`, an interval timer. */
export const SI_KERNEL = 0x80
