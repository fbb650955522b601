// Bound here: with the fake timers of a test, the callback would never run.
import { setInterval, setTimeout } from 'node:timers'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import vm from 'node:vm'
import type { Native } from '@ipc/native'

const { SIGINT } = constants.signals
const LAST_MS = 1000
const REPL_LOOKS_MS = 20

interface Runs {
  [method: string]: Method
}

interface Repl {
  readonly REPLServer: { readonly prototype: Runs }
}

/**
 * With `breakOnSigint`, Node puts a handler of its own in the place of ours while a script runs, and
 * afterwards the one with which it started. Nobody is told when that ends, so ours is put back here.
 * A SIGINT that comes in between ends the process, as it does when a script begins.
 */
export function watchVm(native: Native): void {
  watch(native, vm.Script.prototype as unknown as Runs, ['runInContext', 'runInThisContext'])
  const { Module } = vm as unknown as { readonly Module?: { readonly prototype: Runs } }
  if (Module !== undefined) watch(native, Module.prototype, ['evaluate'])
  watchRepl(native)
}

/**
 * A REPL does not ask the prototype for the method that runs its lines, but for the one that prompts
 * after each. A line that awaits something prompts late, so we also check from time to time.
 */
function watchRepl(native: Native): void {
  const { moduleLoadList } = process as { readonly moduleLoadList?: readonly string[] }
  if (moduleLoadList?.includes('NativeModule repl') !== true) return
  setInterval(() => native.signalInForce(SIGINT), REPL_LOOKS_MS).unref()
  const repl = createRequire(import.meta.url)('node:repl') as Repl
  replace(repl.REPLServer.prototype, 'displayPrompt', (prompt) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      lookAgain(native, 1)
      return prompt.apply(this, args)
    }
  })
}

function watch(native: Native, prototype: Runs, methods: readonly string[]): void {
  for (const name of methods) {
    replace(prototype, name, (run) => {
      return function (this: unknown, ...args: unknown[]): unknown {
        if (!args.some(breaksOnSigint)) return run.apply(this, args)
        const wasInForce = native.signalInForce(SIGINT)
        try {
          return run.apply(this, args)
        } finally {
          if (wasInForce) native.signalReclaim(SIGINT)
          else void Promise.resolve().then(() => lookAgain(native, 1))
        }
      }
    })
  }
}

type Method = (...args: unknown[]) => unknown

/** Changes what the method does; everything else about it stays. */
function replace(prototype: Runs, name: string, make: (method: Method) => Method): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  const method = descriptor?.value as Method | undefined
  if (method === undefined) return
  const made = make(method)
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(made, key, { value: method[key], configurable: true })
  }
  Object.defineProperty(prototype, name, { ...descriptor, value: made })
}

function breaksOnSigint(options: unknown): boolean {
  return (
    typeof options === 'object' &&
    options !== null &&
    (options as { breakOnSigint?: unknown }).breakOnSigint === true
  )
}

/** Repeats until the watchdog has ended, which may belong to code around the script. */
function lookAgain(native: Native, afterMs: number): void {
  if (native.signalInForce(SIGINT) || afterMs > LAST_MS) return
  setTimeout(() => lookAgain(native, afterMs * 2), afterMs).unref()
}
