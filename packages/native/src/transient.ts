const TRANSIENT = /too many open files|memory|map segment|cannot map/i

/** Why loading fails that may succeed a moment later, as the loaders of glibc and musl say it. */
export function isTransient(reason: string): boolean {
  return TRANSIENT.test(reason)
}
