/** What a signal program does: plain data, so that it can be sent, printed and replayed. */
export interface SignalProgram {
  /** What the receiver does, one step after the other. */
  readonly steps: readonly Step[]
  /** Processes that send to it, each its own list. */
  readonly senders: readonly (readonly Send[])[]
  readonly faults: readonly SignalFault[]
}

/** How signals are sent: `kill`, `sigqueue` with a value, or through a pidfd. */
export type How = 'kill' | 'queue' | 'ref'

/** So many in a row, as soon as the receiver has come to a step. */
export interface Send {
  readonly at: number
  readonly signal: string
  readonly how: How
  readonly count: number
  /** Pause after each, in milliseconds; 0: none. */
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

/** What senders send. The default action of the last is to do nothing, of the others death. */
export const STANDARD = ['SIGUSR2', 'SIGHUP', 'SIGTERM', 'SIGWINCH'] as const
const REAL_TIME = ['SIGRTMIN', 'SIGRTMIN+1', 'SIGRTMAX'] as const
export const SENT: readonly string[] = [...STANDARD, ...REAL_TIME]
/** What the timer sends. */
export const TIMER = 'SIGALRM'
export const ALL: readonly string[] = [...SENT, TIMER]

export const MAX_SENDERS = 3
export const MAX_STEPS = 24
/** All that one sender sends. */
export const MAX_SENDS = 600

/** Turns of the event loop at the end, for listeners. */
const LAST_TURNS = 3

export function isRealTime(signal: string): boolean {
  return signal.startsWith('SIGRT')
}

/** The steps of a program, and those that end it: all that was sent comes, unless it is ignored. */
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
