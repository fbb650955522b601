/** A law that a history breaks. */
export interface SignalViolation {
  readonly law: string
  readonly text: string
  /** The signal whose timeline shows it; null if no single one does. */
  readonly signal: number | null
}
