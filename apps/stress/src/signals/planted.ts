import { load, thread, type Native } from '@ipc/native'

/** Bugs that are put between the shipped code and the kernel, in the receiver, to see that they are found. */
const BUGS: ReadonlyMap<string, (real: Native) => Partial<Native>> = new Map<
  string,
  (real: Native) => Partial<Native>
>([
  [
    // Reads eight records where there are some, and keeps seven.
    'signals-forgets-one',
    (real) => afterTaking(real, (taken) => taken.length > 7 && taken.pop()),
  ],
  [
    // Leaves the signals to any thread, as a mask of the main thread alone does.
    'signals-evicts-nobody',
    (real) => ({
      signalsEvict: () => {},
      signalsBlock: (set) => {
        real.signalsShut(set)
        return true
      },
    }),
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
    (real) => afterTaking(real, (taken) => taken.length > 1 && swapEnds(taken)),
  ],
])

/**
 * The part of the receiver of `@ipc/signals` that is changed; all copies of the package share one receiver.
 */
interface Taking {
  next(): unknown
}

/** Does this to all signals that have come, before the first is delivered. */
function afterTaking(real: Native, change: (taken: unknown[]) => void): Partial<Native> {
  let planted = false
  // The receiver exists from the first signal that it catches.
  const plant = (): void => {
    planted = true
    const { receiver } = thread[Symbol.for('@ipc/signals@1')] as { receiver: Taking }
    const next = receiver.next.bind(receiver)
    const taken: unknown[] = []
    receiver.next = () => {
      if (taken.length === 0) {
        for (let one = next(); one !== undefined; one = next()) taken.push(one)
        change(taken)
      }
      return taken.shift()
    }
  }
  return {
    signalCatch: (signal, chain) => {
      if (!planted) plant()
      real.signalCatch(signal, chain)
    },
  }
}

function swapEnds(items: unknown[]): void {
  items.unshift(items.pop())
  items.push(...items.splice(1, 1))
}

export const PLANTED_SIGNALS: readonly string[] = [...BUGS.keys()]

export function isPlantedSignal(name: string | undefined): boolean {
  return name !== undefined && BUGS.has(name)
}

/** Plants the bug in this process, before it asks for its addon. */
export function plantInAddon(name: string): void {
  const real = load()
  if ('reason' in real) return
  const planted: Native = { ...real, ...BUGS.get(name)!(real) }
  thread[Symbol.for('@ipc/native@1')] = planted
}
