import type { SignalProgram } from './program.ts'

/** A message of the harness to a process. */
export type Request =
  | { readonly do: 'prepare'; readonly program: SignalProgram; readonly part: Part }
  | { readonly do: 'go' }

export type Part =
  | { readonly is: 'receiver' }
  | { readonly is: 'sender'; readonly index: number; readonly to: number }

/** The answer of a process. */
export type Reply =
  | { readonly did: 'start' | 'prepare' }
  | { readonly did: 'go'; readonly end?: End }
  | { readonly did: 'fail'; readonly error: string }

/** The receiver's message when it is through. */
export interface End {
  readonly received: number
  readonly lost: number
  /** The part of the kernel's view that is not as it was at the start, after all was given back. */
  readonly leftOver: string
}
