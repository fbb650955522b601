/** A signal program is plain data, so that it can be sent, printed and replayed. */
export interface SignalProgram {
  /** The steps that the receiver does, one after the other. */
  readonly steps: readonly Step[]
  /** The processes that send to it, each with a list of its own. */
  readonly senders: readonly (readonly Send[])[]
  readonly faults: readonly SignalFault[]
}

/** Signals are sent by `kill`, by `sigqueue` with a value, or through a pidfd. */
export type How = 'kill' | 'queue' | 'ref'

/** A sender sends `count` signals in a row, as soon as the receiver has come to a step. */
export interface Send {
  readonly at: number
  readonly signal: string
  readonly how: How
  readonly count: number
  /** The pause after each signal, in milliseconds; 0 is none. */
  readonly gapMs: number
}

/** `meet` waits until the senders have sent all that they were to send by then. */
export type Step =
  | {
      readonly do: 'mask'
      readonly how: 'block' | 'unblock' | 'set'
      readonly set: readonly string[]
    }
  | { readonly do: 'handle' | 'ignore' | 'default'; readonly signal: string }
  | { readonly do: 'listen' | 'unlisten'; readonly signal: string }
  | { readonly do: 'raise'; readonly signal: string }
  | {
      readonly do: 'sigwait' | 'sigwaitAsync'
      readonly set: readonly string[]
      readonly ms: number
    }
  | { readonly do: 'pause' | 'compute' | 'sleep'; readonly ms: number }
  | { readonly do: 'lock'; readonly ms: number; readonly throws: boolean }
  | { readonly do: 'timer'; readonly valueMs: number; readonly intervalMs: number }
  | { readonly do: 'meet' | 'look' }

export type SignalFault =
  /** SIGSTOP for the receiver, and SIGCONT some time later. */
  | { readonly what: 'stop'; readonly afterMs: number; readonly forMs: number }
  /** `kill -9` for a sender. */
  | { readonly what: 'kill'; readonly sender: number; readonly afterMs: number }

/** Senders send these. The default action of the last one is to do nothing; that of the others is death. */
export const STANDARD = ['SIGUSR2', 'SIGHUP', 'SIGTERM', 'SIGWINCH'] as const
const REAL_TIME = ['SIGRTMIN', 'SIGRTMIN+1', 'SIGRTMAX'] as const
export const SENT: readonly string[] = [...STANDARD, ...REAL_TIME]
/** The timer sends this one. */
export const TIMER = 'SIGALRM'
export const ALL: readonly string[] = [...SENT, TIMER]

export const MAX_SENDERS = 3
export const MAX_STEPS = 24
/** One sender sends at most this many signals. */
export const MAX_SENDS = 600

/** The event loop turns this many times at the end, for listeners. */
const LAST_TURNS = 3

export function isRealTime(signal: string): boolean {
  return signal.startsWith('SIGRT')
}

/**
 * Answers with the steps of a program, and those that end it: by then every signal that was sent comes,
 * unless it is ignored.
 */
export function allSteps({ steps }: SignalProgram): Step[] {
  return [
    ...steps,
    { do: 'timer', valueMs: 0, intervalMs: 0 },
    { do: 'meet' },
    { do: 'mask', how: 'set', set: [] },
    { do: 'raise', signal: TIMER },
    ...Array.from({ length: LAST_TURNS }, (): Step => ({ do: 'sleep', ms: 0 })),
  ]
}
