import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { UsageError } from '../usage.ts'
import type { SignalProgram } from './program.ts'

const PREFIX = 'signals.'

export interface SignalReplay {
  readonly program: SignalProgram
  readonly planted?: string | undefined
}

export function isSignalToken(token: string): boolean {
  return token.startsWith(PREFIX)
}

/** Makes a token for `stress replay`. */
export function toSignalToken(replay: SignalReplay): string {
  const text = JSON.stringify(replay)
  return PREFIX + deflateRawSync(text, { level: 9 }).toString('base64url')
}

export function fromSignalToken(token: string): SignalReplay {
  try {
    const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url')
    const replay = JSON.parse(String(inflateRawSync(bytes))) as SignalReplay
    const { steps, senders, faults } = replay.program
    if ([steps, senders, faults].every(Array.isArray)) return replay
  } catch {
    // The check below reports it.
  }
  throw new UsageError(`not a token that stress printed: ${token.slice(0, 40)}`)
}
