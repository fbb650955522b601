/** Blocks the thread. */
export function nap(ms: number): void {
  Atomics.wait(NOTHING, 0, 0, ms)
}

const NOTHING = new Int32Array(new SharedArrayBuffer(4))
