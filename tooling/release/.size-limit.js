/** What a page loads for each primitive, with everything below it: minified, compressed, no module of Node. */
const LIMITS = {
  explorer: { check: '14 kB' },
  lock: { Lock: '8 kB', RLock: '8.5 kB', RWLock: '10 kB' },
  semaphore: { Semaphore: '8.5 kB', BoundedSemaphore: '8.5 kB' },
  'web-locks': { locks: '20 kB' },
  sync: { Event: '7 kB', Condition: '10 kB', Barrier: '8 kB' },
}

export default Object.entries(LIMITS).flatMap(([name, limits]) =>
  Object.entries(limits).map(([primitive, limit]) => ({
    name: `${primitive} of @ipc/${name} in a browser`,
    path: `../../packages/${name}/dist/index.js`,
    import: `{ ${primitive} }`,
    limit,
  })),
)
