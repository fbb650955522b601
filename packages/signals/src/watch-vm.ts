// Bound here: with the fake timers of a test, it would never come to it.
import { setTimeout } from 'node:timers'
import { constants } from 'node:os'
import vm from 'node:vm'
import type { Native } from '@ipc/native'

const { SIGINT } = constants.signals
const LAST_MS = 1000

interface Runs {
  [method: string]: (...args: unknown[]) => unknown
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
}

function watch(native: Native, prototype: Runs, methods: readonly string[]): void {
  for (const name of methods) {
    const run = prototype[name]!
    const watched = {
      [name](this: unknown, ...args: unknown[]): unknown {
        if (!args.some(breaksOnSigint)) return run.apply(this, args)
        const wasInForce = native.signalInForce(SIGINT)
        try {
          return run.apply(this, args)
        } finally {
          if (wasInForce) native.signalReclaim(SIGINT)
          else queueMicrotask(() => lookAgain(native, 1))
        }
      },
    }[name]!
    Object.defineProperty(watched, 'length', { value: run.length, configurable: true })
    Object.defineProperty(prototype, name, {
      value: watched,
      writable: true,
      configurable: true,
      enumerable: Object.prototype.propertyIsEnumerable.call(prototype, name),
    })
  }
}

function breaksOnSigint(options: unknown): boolean {
  return (
    typeof options === 'object' &&
    options !== null &&
    (options as { breakOnSigint?: unknown }).breakOnSigint === true
  )
}

/** A handler of Node's was there before, as in a REPL, whose own ends after this script. */
function lookAgain(native: Native, afterMs: number): void {
  if (native.signalInForce(SIGINT) || afterMs > LAST_MS) return
  setTimeout(() => lookAgain(native, afterMs * 2), afterMs).unref()
}
