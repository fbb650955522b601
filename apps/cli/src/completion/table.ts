/** The words that can follow each command, for the completion of zsh and fish. */
export interface Completed {
  readonly options: readonly string[]
  /** Those of the options that are followed by a value. */
  readonly valued?: readonly string[]
  readonly takes: 'names' | 'processes' | 'shells' | 'commands' | null
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const

export const TABLE: Readonly<Record<string, Completed>> = {
  run: {
    options: ['nonblock', 'shared', 'exclusive', 'command-only', 'verbose'],
    valued: ['timeout', 'max', 'conflict-exit-code', 'command', 'abandoned-exec'],
    takes: 'names',
  },
  wait: { options: [], valued: ['timeout'], takes: 'names' },
  set: { options: [], takes: 'names' },
  clear: { options: [], takes: 'names' },
  ls: { options: ['json'], takes: 'names' },
  top: { options: [], valued: ['delay', 'count'], takes: null },
  rm: { options: ['force'], valued: ['kind'], takes: 'names' },
  prune: { options: ['json'], takes: null },
  kill: { options: ['list', 'json'], valued: ['signal', 'queue'], takes: 'processes' },
  alarm: { options: [], takes: null },
  completion: { options: [], takes: 'shells' },
  help: { options: [], takes: 'commands' },
}

export const COMMANDS: readonly string[] = Object.keys(TABLE)

/** These are followed by `--` and a command, which completes as it does by itself. */
export const RUNNING = ['run', 'alarm'] as const
