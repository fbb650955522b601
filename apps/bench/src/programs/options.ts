/** The arguments of every program that works, ours and the rivals: WORK KIND [name=value]... */
export interface WorkOptions {
  readonly work: string
  readonly kind: string
  /** Side i runs on the i-th of these CPUs, in turn; if there are none, wherever the system likes. */
  readonly cpus: readonly number[]
  /** How long a work runs that counts what it does. */
  readonly ms: number
  /** How often a work is done that times each round. */
  readonly rounds: number
  /** How many processes or workers. */
  readonly n: number
}

/** The one line of JSON that a program prints. */
export interface WorkResult {
  /** The figure of the whole run. A program that has none gives `samples`, of which the median counts. */
  readonly value?: number
  readonly samples?: readonly number[]
  /** Changes of owner per second. */
  readonly switches?: number
  /** Whether the counter that the sides protected is what it must be. */
  readonly correct: boolean
}

export function parseOptions([work = '', kind = '', ...rest]: readonly string[]): WorkOptions {
  const given = new Map(rest.map((argument) => argument.split('=') as [string, string]))
  const cpus = given.get('cpus')?.split(',').map(Number) ?? []
  const number = (name: string, otherwise: number): number => Number(given.get(name) ?? otherwise)
  return {
    work,
    kind,
    cpus,
    ms: number('ms', 200),
    rounds: number('rounds', 1000),
    n: number('n', 2),
  }
}

export function formatOptions({ work, kind, cpus, ms, rounds, n }: WorkOptions): string[] {
  const pinned = cpus.length > 0 ? [`cpus=${cpus.join(',')}`] : []
  return [work, kind, ...pinned, `ms=${ms}`, `rounds=${rounds}`, `n=${n}`]
}
