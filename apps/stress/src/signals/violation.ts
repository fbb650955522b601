/** A law that a history breaks. */
export interface SignalViolation {
  readonly law: string
  readonly text: string
  /** Whose timeline shows it; null: no signal's alone. */
  readonly signal: number | null
}
