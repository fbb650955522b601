import type { WorkOptions } from '../programs/options.ts'

/** A program that does a work and prints a `WorkResult`. */
export interface Contestant {
  readonly name: string
  readonly program: 'node' | 'threads' | 'pairs' | 'queued' | 'startup' | 'memory' | 'c' | 'python'
  readonly options: WorkOptions
  /** It takes so long that one run must do. */
  readonly once?: boolean
}

export interface Unit {
  readonly name: string
  /** How many of what the programs print (ns, bytes, or times per second) make one of this unit. */
  readonly size: number
  readonly better: 'less' | 'more'
}

export const NS: Unit = { name: 'ns', size: 1, better: 'less' }
export const US: Unit = { name: 'µs', size: 1e3, better: 'less' }
export const MS: Unit = { name: 'ms', size: 1e6, better: 'less' }
export const BYTES: Unit = { name: 'bytes', size: 1, better: 'less' }
export const MILLIONS: Unit = { name: 'M/s', size: 1e6, better: 'more' }

/** Medians in the row's unit; undefined for a contestant that did not run here. */
export interface Medians {
  readonly ours: number
  of(contestant: string): number | undefined
  /** The median of ours in another row. */
  oursIn(id: string): number | undefined
}

/** A bound that ours must reach; it is undefined if a contestant it is computed from did not run. */
export interface Goal {
  readonly text: string
  readonly bound: (medians: Medians) => number | undefined
}

/** One line of the table: the same work done by ours and by others. */
export interface Row {
  readonly id: string
  readonly work: string
  readonly unit: Unit
  readonly ours: Contestant
  readonly others: readonly Contestant[]
  readonly goals: readonly Goal[]
  /** Rows that are the points of one plot. */
  readonly plot?: { readonly title: string; readonly along: string; readonly x: number }
}

/** Ours must be at most (or, where more is better, at least) `value`. */
export function absolute(value: number, unit: Unit): Goal {
  return { text: `${sign(unit)} ${value} ${unit.name}`, bound: () => value }
}

/** Ours must be at most (or at least) `factor` times the figure of `other`. */
export function relative(factor: number, other: string, unit: Unit): Goal {
  const times = factor === 1 ? '' : `${factor} × `
  return {
    text: `${sign(unit)} ${times}${other}`,
    bound: (medians) => scaled(medians.of(other), factor),
  }
}

/** Ours must be at most (or at least) `factor` times its own figure in another row. */
export function relativeToRow(factor: number, id: string, what: string, unit: Unit): Goal {
  return {
    text: `${sign(unit)} ${factor} × ${what}`,
    bound: (medians) => scaled(medians.oursIn(id), factor),
  }
}

function sign(unit: Unit): string {
  return unit.better === 'less' ? '≤' : '≥'
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor
}
