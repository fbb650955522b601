import { load, type Native } from '@ipc/native'

/** Bugs put between the shipped code and the kernel, in the receiver, to see that they are found. */
const BUGS: ReadonlyMap<string, (real: Native) => Partial<Native>> = new Map<
  string,
  (real: Native) => Partial<Native>
>([
  [
    // Reads eight records where there are some, and keeps seven.
    'signals-forgets-one',
    (real) => ({
      signalsTake: (records, rearm) => {
        const count = real.signalsTake(records, rearm)
        return count > 7 ? count - 1 : count
      },
    }),
  ],
  [
    // Leaves the signals to any thread, as a mask of the main thread alone does.
    'signals-evicts-nobody',
    () => ({ signalsEvict: () => {} }),
  ],
  [
    'signals-early-timer',
    (real) => ({
      setTimer: (which, valueMs, intervalMs) => real.setTimer(which, valueMs / 2, intervalMs),
    }),
  ],
  [
    // Swaps the first and the last of those that it reads.
    'signals-newest-first',
    (real) => ({
      signalsTake: (records, rearm) => {
        const count = real.signalsTake(records, rearm)
        const first = records.slice(0, 8)
        if (count > 1) {
          records.copyWithin(0, (count - 1) * 8, count * 8)
          records.set(first, (count - 1) * 8)
        }
        return count
      },
    }),
  ],
])

export const PLANTED_SIGNALS: readonly string[] = [...BUGS.keys()]

export function isPlantedSignal(name: string | undefined): boolean {
  return name !== undefined && BUGS.has(name)
}

/** In this process, before it asks for its addon. */
export function plantInAddon(name: string): void {
  const real = load()
  if ('reason' in real) return
  const planted: Native = { ...real, ...BUGS.get(name)!(real) }
  Object.assign(globalThis, { [Symbol.for('@ipc/native@1')]: planted })
}
