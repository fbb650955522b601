import type { Contestant, Medians, Row } from '../rows/row.ts'
import { Absent, runContestant, type Sample } from './contestant.ts'
import type { Machine } from './machine.ts'
import { median, quantile } from './statistics.ts'

/** The figure that one contestant reached in one row, in the row's unit. */
export interface Figure {
  readonly median: number
  /** Quartiles over the rounds. */
  readonly spread: readonly [number, number]
  readonly rounds: number
  readonly switchesPerSecond?: number
}

export interface GoalResult {
  readonly text: string
  /** undefined if the contestant that the goal compares with did not run. */
  readonly bound: number | undefined
  readonly met: boolean | undefined
}

export interface RowResult {
  readonly row: Row
  readonly ours: Figure
  /** In the order of the row. */
  readonly others: ReadonlyMap<string, Figure>
  readonly absent: ReadonlyMap<string, string>
  readonly goals: readonly GoalResult[]
}

export interface Effort {
  /** How often each contestant runs. */
  readonly rounds: number
  /** After these nothing more is started, and whatever had no turn is left out. Default: no limit. */
  readonly seconds?: number
}

/**
 * Runs all rows, interleaved: in each round everybody runs once, so that all meet the same machine.
 * @throws Error when ours cannot run, or when somebody's exclusion is broken
 */
export async function runRows(
  rows: readonly Row[],
  { rounds, seconds = Infinity }: Effort,
  machine: Machine,
  progress: (round: number, row: Row, contestant: Contestant) => void,
): Promise<RowResult[]> {
  const samples = new Map<Contestant, Sample[]>()
  const absent = new Map<Contestant, string>()
  const end = performance.now() + seconds * 1000
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      for (const contestant of [row.ours, ...row.others]) {
        if (performance.now() > end) return judge(rows, samples, absent)
        if (absent.has(contestant) || (contestant.once === true && round > 0)) continue
        progress(round, row, contestant)
        try {
          const sample = await runContestant(contestant, machine)
          samples.set(contestant, [...(samples.get(contestant) ?? []), sample])
        } catch (error) {
          if (!(error instanceof Absent) || contestant === row.ours) throw error
          absent.set(contestant, error.message)
        }
      }
    }
  }
  return judge(rows, samples, absent)
}

function judge(
  rows: readonly Row[],
  samples: ReadonlyMap<Contestant, readonly Sample[]>,
  absent: ReadonlyMap<Contestant, string>,
): RowResult[] {
  const figures = new Map([...samples].map(([contestant, list]) => [contestant, list]))
  const figureOf = (row: Row, contestant: Contestant): Figure | undefined => {
    const list = figures.get(contestant)
    return list === undefined ? undefined : figure(list, row.unit.size)
  }
  const measured = rows.filter((row) => figures.has(row.ours))
  const ours = new Map(measured.map((row) => [row.id, figureOf(row, row.ours)!]))
  return measured.map((row) => {
    const others = new Map<string, Figure>()
    const missing = new Map<string, string>()
    for (const other of row.others) {
      const reached = figureOf(row, other)
      if (reached !== undefined) others.set(other.name, reached)
      else missing.set(other.name, absent.get(other) ?? 'did not run')
    }
    const mine = ours.get(row.id)!
    const medians: Medians = {
      ours: mine.median,
      of: (name) => others.get(name)?.median,
      oursIn: (id) => ours.get(id)?.median,
    }
    const goals = row.goals.map(({ text, bound }) => {
      const value = bound(medians)
      if (value === undefined) return { text, bound: undefined, met: undefined }
      const met = row.unit.better === 'less' ? mine.median <= value : mine.median >= value
      return { text, bound: value, met }
    })
    return { row, ours: mine, others, absent: missing, goals }
  })
}

function figure(samples: readonly Sample[], size: number): Figure {
  const values = samples.map(({ value }) => value / size)
  const switches = samples.map((sample) => sample.switches).filter((rate) => rate !== undefined)
  return {
    median: median(values),
    spread: [quantile(values, 0.25), quantile(values, 0.75)],
    rounds: values.length,
    ...(switches.length > 0 && { switchesPerSecond: median(switches) }),
  }
}
