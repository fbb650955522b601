const TRANSIENT = /too many open files|memory|map segment|cannot map/i

/**
 * Whether loading failed for a reason that may be gone a moment later, as the loaders of glibc and musl say
 * it.
 */
export function isTransient(reason: string): boolean {
  return TRANSIENT.test(reason)
}
