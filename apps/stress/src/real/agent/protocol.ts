import type { Program } from '../program/program.ts'
import type { Reference } from './objects.ts'

/** A message of the harness to an agent. */
export type Request =
  | {
      readonly do: 'prepare'
      readonly program: Program
      /** The number of the agent in the program. */
      readonly agent: number
      readonly references: readonly Reference[]
      readonly planted: string | undefined
    }
  | { readonly do: 'go' }

/** A message of an agent to the harness. */
export type Reply =
  | { readonly did: 'start' | 'prepare' | 'go' }
  /** A worker cannot end itself at once: it asks for `terminate()`, and does nothing more. */
  | { readonly did: 'ask for its death' }
  | { readonly did: 'fail'; readonly error: string }
