/** A page loads at most this for a primitive and all below it: minified, compressed, no module of Node. */
const LIMITS = {
  explorer: { check: '14 kB' },
  'web-locks': { locks: '20 kB' },
  lock: { Lock: '10.2 kB', RLock: '10.7 kB', RWLock: '12.3 kB' },
  semaphore: { Semaphore: '10.6 kB', BoundedSemaphore: '10.6 kB' },
  sync: { Event: '8.6 kB', Condition: '12.2 kB', Barrier: '9.7 kB' },
}

export default Object.entries(LIMITS).flatMap(([name, limits]) =>
  Object.entries(limits).map(([primitive, limit]) => ({
    name: `${primitive} of @ipc/${name} in a browser`,
    path: `../../packages/${name}/dist/index.js`,
    import: `{ ${primitive} }`,
    limit,
  })),
)
