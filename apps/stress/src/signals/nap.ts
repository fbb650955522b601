const nowhere = new Int32Array(new SharedArrayBuffer(4))

/** Blocks this thread for a while, without using any function of the library. */
export function nap(ms: number): void {
  Atomics.wait(nowhere, 0, 0, ms)
}

export function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}
