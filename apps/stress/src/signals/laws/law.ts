import type { Model } from '../model.ts'
import { nameOf } from '../numbers.ts'
import type { Delivery } from '../trace.ts'
import type { SignalViolation } from '../violation.ts'

/** Answers with the violations of the law. */
export type Law = (model: Model) => SignalViolation[]

export function violation(law: string, signal: number, text: string): SignalViolation {
  return { law, signal, text: `${nameOf(signal)}: ${text}` }
}

export function nameOfDelivery({ value, pid, code, to }: Delivery): string {
  const what = code === -1 ? `value ${value}` : `code ${code}`
  return `${what} of ${pid} (moment ${to})`
}
