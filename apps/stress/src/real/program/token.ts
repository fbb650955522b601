import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { UsageError } from '../../usage.ts'
import type { Program } from './program.ts'

/** A token for `stress replay` has the whole program with its faults, and the planted bug, if any. */
export interface Replay {
  readonly program: Program
  readonly planted?: string | undefined
}

export function toToken(replay: Replay): string {
  return deflateRawSync(JSON.stringify(replay), { level: 9 }).toString('base64url')
}

export function fromToken(token: string): Replay {
  try {
    const replay = JSON.parse(String(inflateRawSync(Buffer.from(token, 'base64url')))) as Replay
    const { scope, objects, agents, faults } = replay.program
    if (/^(thread|process)$/.test(scope) && [objects, agents, faults].every(Array.isArray)) {
      return replay
    }
  } catch {
    // The check below reports it.
  }
  throw new UsageError(`not a token that stress printed: ${token.slice(0, 40)}`)
}

/** The whole command, for people to copy. */
export function replayCommand(replay: Replay): string {
  return `npx -y pnpm@10.34.9 stress replay "${toToken(replay)}"`
}
