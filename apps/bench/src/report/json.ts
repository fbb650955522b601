import type { Figure, RowResult } from '../run/run.ts'

/** One row of the file that `--json` writes. Figures are medians in `unit`. */
export interface JsonRow {
  readonly id: string
  readonly work: string
  readonly unit: string
  /** Whether less or more of it is better. */
  readonly better: 'less' | 'more'
  readonly ours: number
  readonly others: Readonly<Record<string, number>>
  /** The goal of ours in words (`bounds` has it in `unit`); null if nothing is asked. */
  readonly target: string | null
  /** null if nothing is asked, or if the contestant that the goal compares with did not run. */
  readonly met: boolean | null
  readonly bounds: readonly (number | null)[]
  /** Quartiles over the rounds. */
  readonly spread: Readonly<Record<string, readonly [number, number]>>
  /** Changes of owner per second, where there are any. */
  readonly switchesPerSecond?: Readonly<Record<string, number>>
  /** The contestants that did not run, each with the reason. */
  readonly absent: Readonly<Record<string, string>>
  readonly plot?: { readonly title: string; readonly along: string; readonly x: number }
  readonly machine: string
  readonly date: string
}

export function toJson(results: readonly RowResult[], machine: string, date: Date): JsonRow[] {
  return results.map(({ row, ours, others, absent, goals }) => {
    const figures: [string, Figure][] = [['ours', ours], ...others]
    const switches = figures.flatMap(([name, { switchesPerSecond }]) =>
      switchesPerSecond === undefined ? [] : [[name, Math.round(switchesPerSecond)] as const],
    )
    return {
      id: row.id,
      work: row.work,
      unit: row.unit.name,
      better: row.unit.better,
      ours: rounded(ours.median),
      others: Object.fromEntries([...others].map(([name, { median }]) => [name, rounded(median)])),
      target: goals.length === 0 ? null : goals.map(({ text }) => text).join(' and '),
      met: verdict(goals.map(({ met }) => met)),
      bounds: goals.map(({ bound }) => (bound === undefined ? null : rounded(bound))),
      spread: Object.fromEntries(
        figures.map(([name, { spread }]) => [name, [rounded(spread[0]), rounded(spread[1])]]),
      ),
      ...(switches.length > 0 && { switchesPerSecond: Object.fromEntries(switches) }),
      absent: Object.fromEntries(absent),
      ...(row.plot !== undefined && { plot: row.plot }),
      machine,
      date: date.toISOString(),
    }
  })
}

function verdict(met: readonly (boolean | undefined)[]): boolean | null {
  if (met.includes(false)) return false
  return met.length === 0 || met.includes(undefined) ? null : true
}

/** Rounds to four digits: more would pretend a precision that no run has. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
