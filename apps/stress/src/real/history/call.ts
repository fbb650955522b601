import { MAX_TRACKS, type Program } from '../program/program.ts'
import { FIELD, HARNESS_TRACK, type Arena } from './arena.ts'

/** The things that an operation does to its object. `return` is the second half of some waits, in checks. */
const WHAT = [
  'acquire',
  'release',
  'share',
  'unshare',
  'read',
  'set',
  'clear',
  'wait',
  'notify',
  'return',
  'abort',
  'reset',
  'look',
  'die',
] as const
export type What = (typeof WHAT)[number]

/**
 * How it ended; `pending` if it did not. `gave-up` is null or false after a time-out; `refused` is a
 * RangeError, a release by somebody who is not the owner, or a broken barrier. The number that `look` or
 * `read` found is written from `saw` on, and so is the index that a barrier gave.
 */
const RESULT = [
  'pending',
  'done',
  'abandoned',
  'gave-up',
  'aborted',
  'refused',
  'failed',
  'saw',
] as const
export type Result = (typeof RESULT)[number]

/** One operation of a history. */
export interface Call {
  /** Calls of one track follow each other. */
  readonly track: number
  readonly agent: number
  readonly what: What
  readonly object: number
  /**
   * How many permits are released, or waits notified; for an RLock, the level of the hold that is taken or
   * released; for a wait at a barrier, 1 if it does not give up by itself.
   */
  readonly argument: number
  readonly begin: number
  /** Infinity if it did not return. */
  readonly end: number
  readonly result: Result
  /** The number that `look` found. */
  readonly seen: number
  /** The number of the operation in the program, counted over all rounds. */
  readonly step: number
  /** How long it took; 0 if it did not return. */
  readonly microseconds: number
}

export function codeOf(what: What): number {
  return WHAT.indexOf(what)
}

export function resultCode(result: Result, seen = 0): number {
  return RESULT.indexOf(result) + seen
}

/** The calls of one track, in order. */
export function callsOf(arena: Arena, track: number): Call[] {
  return Array.from({ length: arena.length(track) }, (_, i) => readCall(arena, track, i))
}

/** The last call of a track if it has not returned. */
export function pendingCall(arena: Arena, track: number): Call | null {
  const length = arena.length(track)
  const last = length === 0 ? null : readCall(arena, track, length - 1)
  return last?.result === 'pending' ? last : null
}

function readCall(arena: Arena, track: number, i: number): Call {
  const { words } = arena
  const at = arena.record(track, i)
  const field = (offset: number): number => words[at + offset]!
  const end = field(FIELD.end)
  const code = end === 0 ? 0 : field(FIELD.result)
  return {
    track,
    agent: Math.floor(track / MAX_TRACKS),
    what: WHAT[field(FIELD.what)]!,
    object: field(FIELD.object),
    argument: field(FIELD.argument),
    begin: field(FIELD.begin),
    end: end === 0 ? Infinity : end,
    result: RESULT[Math.min(code, RESULT.length - 1)]!,
    seen: code - (RESULT.length - 1),
    step: field(FIELD.step),
    microseconds: end === 0 ? 0 : field(FIELD.microseconds),
  }
}

/** Answers with every track of a program, the harness's track last. */
export function tracksOf({ agents }: Program): number[] {
  return [
    ...agents.flatMap(({ tracks }, agent) => tracks.map((_, i) => agent * MAX_TRACKS + i)),
    HARNESS_TRACK,
  ]
}

/** Writes a call as `acquire` or `release(2)`. */
export function nameOfCall({ what, argument }: Call): string {
  return what === 'release' && argument > 1 ? `release(${argument})` : what
}

/** Writes a call with its result: `acquire: abandoned`, `look: 3`. */
export function describeCall(call: Call): string {
  if (call.result === 'saw') return `${call.what}: ${call.seen}`
  return call.result === 'done' ? nameOfCall(call) : `${nameOfCall(call)}: ${call.result}`
}
