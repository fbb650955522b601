import { checkOptions, checkSignal, checkTimeout, wrongType } from '@ipc/core/author'
import { SingleClaim, type LockMode } from './claim.ts'

/** Options of `request`, as the standard has them. */
export interface LockOptions {
  readonly mode?: LockMode
  readonly ifAvailable?: boolean
  readonly steal?: boolean
  readonly signal?: AbortSignal
}

/** Options of `acquire`. */
export interface AcquireOptions {
  /** Default: `'exclusive'`. */
  readonly mode?: LockMode | undefined
  /** How long to wait, in milliseconds; 0 and below: only if it is available. Default: Infinity. */
  readonly timeoutMs?: number | undefined
  /** Aborting rejects the promise with `signal.reason`; nothing is held then. */
  readonly signal?: AbortSignal | undefined
}

/** One of the locks that `requestAll` asks for. */
export interface LockRequest {
  readonly name: string
  /** Default: `'exclusive'`. */
  readonly mode?: LockMode | undefined
}

/** The arguments of a call of `request`, after they were checked. */
export interface Asked {
  readonly claim: SingleClaim
  readonly signal: AbortSignal | undefined
}

/**
 * Reads options as Web IDL does: each member once, in the order of the alphabet, then the callback.
 * @throws TypeError, or DOMException NotSupportedError
 */
export function readRequest(given: unknown, options: unknown, callback: unknown): Asked {
  // oxlint-disable-next-line typescript/no-unnecessary-template-expression -- throws for a symbol
  const name = `${given as string}`
  let mode: LockMode = 'exclusive'
  let ifAvailable = false
  let steal = false
  let signal: AbortSignal | undefined
  if (options !== undefined && options !== null) {
    if (typeof options !== 'object' && typeof options !== 'function') {
      throw wrongType('request() options', 'an object', options)
    }
    const members = options as Record<keyof LockOptions, unknown>
    ifAvailable = Boolean(members.ifAvailable)
    mode = checkMode(members.mode)
    signal = checkSignal(members.signal)
    steal = Boolean(members.steal)
  }
  if (typeof callback !== 'function') throw wrongType('callback', 'a function', callback)
  checkName(name)
  if (steal && ifAvailable) throw notSupported('steal and ifAvailable', 'cannot be used together')
  if (steal && mode === 'shared') throw notSupported('steal', "needs mode 'exclusive'")
  if (signal !== undefined && (steal || ifAvailable)) {
    throw notSupported('signal', 'cannot be used with steal or ifAvailable')
  }
  return { claim: new SingleClaim(name, mode === 'shared', ifAvailable, steal), signal }
}

/** Converts a value to an enumeration as Web IDL does. */
function checkMode(given: unknown): LockMode {
  if (given === undefined) return 'exclusive'
  // oxlint-disable-next-line typescript/no-unnecessary-template-expression -- it may be anything
  const mode = `${given as string}`
  if (mode === 'exclusive' || mode === 'shared') return mode
  throw wrongType('mode', "'exclusive' or 'shared'", given)
}

function checkName(name: string): void {
  if (name.startsWith('-')) throw notSupported(JSON.stringify(name), "names cannot start with '-'")
}

function notSupported(what: string, why: string): DOMException {
  return new DOMException(`request a lock with ${what}: ${why}`, 'NotSupportedError')
}

/** The arguments of `acquire`, after they were checked. */
export interface AskedToHold extends Asked {
  readonly timeoutMs: number
}

const ACQUIRE_OPTIONS = new Set(['mode', 'timeoutMs', 'signal'])

/** @throws TypeError, RangeError, or DOMException NotSupportedError */
export function readAcquire(name: unknown, options: AcquireOptions | undefined): AskedToHold {
  if (typeof name !== 'string') throw wrongType('name', 'a string', name)
  checkKnown('acquire', options, ACQUIRE_OPTIONS)
  const mode = checkMode(options?.mode)
  const signal = checkSignal(options?.signal)
  const given = options?.timeoutMs
  const timeoutMs = given === undefined ? Infinity : checkTimeout(given)
  checkName(name)
  return {
    claim: new SingleClaim(name, mode === 'shared', timeoutMs === 0, false),
    signal,
    timeoutMs,
  }
}

/** The arguments of `requestAll`, after they were checked. */
export interface AskedForAll {
  readonly claims: readonly SingleClaim[]
  readonly signal: AbortSignal | undefined
}

const REQUEST_ALL_OPTIONS = new Set(['signal'])

/** @throws TypeError, or DOMException NotSupportedError */
export function readRequestAll(
  names: unknown,
  options: { readonly signal?: AbortSignal | undefined } | undefined,
  callback: unknown,
): AskedForAll {
  if (!Array.isArray(names)) throw wrongType('names', 'an array', names)
  checkKnown('requestAll', options, REQUEST_ALL_OPTIONS)
  const signal = checkSignal(options?.signal)
  if (typeof callback !== 'function') throw wrongType('callback', 'a function', callback)
  const claims = names.map(readOneOfAll)
  const seen = new Set<string>()
  for (const { name } of claims) {
    if (seen.has(name)) throw wrongType('names', 'different from each other', name)
    seen.add(name)
  }
  return { claims, signal }
}

function readOneOfAll(given: unknown): SingleClaim {
  const asked = typeof given === 'string' ? { name: given } : (given as LockRequest | null)
  const { name, mode }: Partial<LockRequest> = asked ?? {}
  if (typeof name !== 'string') throw wrongType('a name', 'a string, or { name, mode }', given)
  checkName(name)
  return new SingleClaim(name, checkMode(mode) === 'shared', false, false)
}

/** Unknown options are refused: our own calls ignore nothing that a caller says. */
function checkKnown(call: string, options: unknown, known: ReadonlySet<string>): void {
  checkOptions(`${call}() options`, options)
  for (const key of Object.keys((options as object | undefined) ?? {})) {
    if (known.has(key)) continue
    throw wrongType(`${call}() options`, `made of ${[...known].join(', ')}`, key)
  }
}
