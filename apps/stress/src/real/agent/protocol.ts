import type { Program } from '../program/program.ts'
import type { Reference } from './objects.ts'

/** What the harness says to an agent. */
export type Request =
  | {
      readonly do: 'prepare'
      readonly program: Program
      /** Which of its agents it is. */
      readonly agent: number
      readonly references: readonly Reference[]
      readonly planted: string | undefined
    }
  | { readonly do: 'go' }

/** What an agent says to the harness. */
export type Reply =
  | { readonly did: 'start' | 'prepare' | 'go' }
  /** A worker cannot end itself at once: it asks for `terminate()`, and does no more. */
  | { readonly did: 'ask for its death' }
  | { readonly did: 'fail'; readonly error: string }
