import { signalTable } from '@ipc/signals'

const NUMBERS = new Map(signalTable().map(({ signal, number }) => [signal, number]))
const NAMES = new Map(signalTable().map(({ signal, number }) => [number, signal]))

export function numberOf(signal: string): number {
  return NUMBERS.get(signal)!
}

export function nameOf(number: number): string {
  return NAMES.get(number)!
}
