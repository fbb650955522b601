import type { SignalProgram } from './program.ts'

/** What the harness says to a process. */
export type Request =
  | { readonly do: 'prepare'; readonly program: SignalProgram; readonly part: Part }
  | { readonly do: 'go' }

export type Part =
  | { readonly is: 'receiver' }
  | { readonly is: 'sender'; readonly index: number; readonly to: number }

/** What a process answers. */
export type Reply =
  | { readonly did: 'start' | 'prepare' }
  | { readonly did: 'go'; readonly end?: End }
  | { readonly did: 'fail'; readonly error: string }

/** What the receiver says when it is through. */
export interface End {
  readonly received: number
  readonly lost: number
  /** What of the kernel's view is not as it was at the start, when all was given back. */
  readonly leftOver: string
}
