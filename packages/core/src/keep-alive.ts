/** Node does not wait for `Atomics.waitAsync` or a parking thread by itself; a timer it does. */
const LONGEST_TIMER_MS = 0x7fffffff

let holders = 0
let timer: ReturnType<typeof setInterval> | undefined

/** Keeps the event loop alive until `letGo` was called as often. */
export function keepAlive(): void {
  if (holders++ === 0) timer = setInterval(() => {}, LONGEST_TIMER_MS)
}

export function letGo(): void {
  if (--holders === 0) clearInterval(timer)
}
