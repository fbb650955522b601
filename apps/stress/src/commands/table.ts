/** A command: a module of this folder. `run` answers with the exit code. */
export interface Command {
  /** One line for `stress --help`. */
  readonly summary: string
  run(argv: readonly string[]): Promise<number>
}

/** This command runs when none is named. */
export const MAIN = 'stress'

/** The module of each name, which is loaded when it is asked for. */
export const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map<
  string,
  () => Promise<Command>
>([
  ['check', () => import('./check.ts')],
  ['explore', () => import('./explore.ts')],
  ['prove', () => import('./prove.ts')],
  ['mutants', () => import('./mutants.ts')],
  ['ci', () => import('./ci.ts')],
  ['rates', () => import('./rates.ts')],
  ['stress', () => import('./stress.ts')],
  ['replay', () => import('./replay.ts')],
])
