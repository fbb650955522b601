/** A call of the code under test, for people: that it begins, or that it has returned. */
export interface CallNote {
  readonly isReturn: boolean
  readonly text: string
}

export type Note = (note: CallNote) => void

/**
 * A stand-in for an object that notes each call, `tryAcquire({ timeoutMs: 10 })`, and what it returns. Its
 * methods see the object itself, so what they call of each other is not noted.
 */
export function named<T extends object>(object: T, note: Note, prefix = ''): T {
  return new Proxy(object, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof key !== 'string' || key === 'constructor') return value
      // An array over simulated words is handed out itself, and no stand-in for it.
      if (value instanceof Int32Array) return value
      if (typeof value === 'object' && value !== null) return named(value, note, `${prefix}${key}.`)
      if (typeof value !== 'function') return value
      return (...args: readonly unknown[]): unknown => {
        const name = `${prefix}${key}`
        note({ isReturn: false, text: `${name}(${args.map(show).join(', ')})` })
        const result: unknown = Reflect.apply(value, target, args)
        return watchResult(name, result, note)
      }
    },
  })
}

function watchResult(name: string, result: unknown, note: Note): unknown {
  const returned = (value: unknown): void => {
    nameRelease(value, note)
    note({ isReturn: true, text: `${name} → ${show(value)}` })
  }
  if (!(result instanceof Promise)) {
    returned(result)
    return result
  }
  // This listens beside the caller, which gets the original promise: one of ours would settle a turn later.
  result.then(returned, (error: unknown) =>
    note({ isReturn: true, text: `${name} ✗ ${show(error)}` }),
  )
  return result
}

/** Notes the release of a guard, which is handed out as it is. */
function nameRelease(guard: unknown, note: Note): void {
  if (!isGuard(guard) || Object.hasOwn(guard, 'release')) return
  const release = (): void => {
    note({ isReturn: false, text: 'guard.release()' })
    ;(Object.getPrototypeOf(guard) as Guard).release.call(guard)
    note({ isReturn: true, text: 'guard.release → undefined' })
  }
  Object.defineProperty(guard, 'release', { value: release, configurable: true })
}

interface Guard {
  readonly abandoned: boolean
  release(): void
}

function isGuard(value: unknown): value is Guard {
  return typeof value === 'object' && value !== null && 'release' in value && 'abandoned' in value
}

/** Writes an argument or a result of a call in a few words. */
function show(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number')
    return String(value)
  if (typeof value === 'string') return `'${value}'`
  if (value === undefined) return 'undefined'
  if (typeof value === 'function') return '() => …'
  if (typeof value !== 'object') return '…'
  if (isGuard(value)) return value.abandoned ? 'a guard, abandoned' : 'a guard'
  if (value instanceof Error) return value.message
  if (value instanceof AbortSignal) return 'an AbortSignal'
  const fields = Object.entries(value).map(([key, field]) =>
    field instanceof AbortSignal ? key : `${key}: ${show(field)}`,
  )
  return `{ ${fields.join(', ')} }`
}
