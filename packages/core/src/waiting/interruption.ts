import { platform } from '#platform'

/**
 * How signals reach a thread that blocks. `@ipc/signals` fills it in, on the main thread only;
 * without it, a blocked thread sleeps through signals until its next look at its words.
 */
export interface Interruption {
  /**
   * Runs the handlers of the signals that have arrived; an error that one of them throws ends the wait.
   * Answers with the value that the addon's signal word had before that: as long as the word has it,
   * sleeping is right.
   */
  drain(): number
  /** Whether anything can arrive: then waits that cannot sleep on the word are cut in slices. */
  readonly active: boolean
}

/**
 * The runner is the thread's, whatever realm handles signals: its handlers run while another realm's wait
 * blocks.
 */
const INTERRUPTION = Symbol.for('@ipc/core.interruption@1')
const thread = platform.thread as { [INTERRUPTION]?: Interruption | null }

/** Installs (or, with null, removes) what runs signal handlers inside blocking waits. */
export function setInterruption(runner: Interruption | null): void {
  thread[INTERRUPTION] = runner
}

export function interruption(): Interruption | null {
  return thread[INTERRUPTION] ?? null
}
