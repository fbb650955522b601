import type { Budget } from './strategy.ts'

const MAX_STEPS = 5_000
const MAX_STATES = 4_000_000

/** The real `performance.now()`: an algorithm under test may be given another clock. */
export const now: () => number = performance.now.bind(performance)

/** A budget of time, until a moment of `performance.now()`, and of states that fit into memory. */
export function budgetUntil(deadlineMs: number, maxStates: number = MAX_STATES): Budget {
  return { over: () => now() >= deadlineMs, maxStates, maxSteps: MAX_STEPS }
}

export function budgetOf(ms: number): Budget {
  return budgetUntil(now() + ms)
}
