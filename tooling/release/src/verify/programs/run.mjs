// @ts-nocheck: the packages that it is handed are installed somewhere else
/**
 * Does with each package what an application does. The caller has loaded the package, by import or by
 * require, and hands it in; the program prints what it saw.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Starts another process that runs the same program in another role, and waits until it says something. */
async function start(role) {
  const child = fork(process.argv[1], [role], { execArgv: process.execArgv })
  const [said] = await once(child, 'message')
  return { child, said }
}

const stay = () => setInterval(() => {}, 1 << 30)

export const programs = {
  async native({ load }) {
    return load().reason ?? 'loaded'
  },

  async core({ SharedMemory, processScope }, role) {
    if (role === 'writer') {
      new Int32Array(SharedMemory.open('m', { byteLength: 4 }).buffer)[0] = 42
      process.send('written')
      return stay()
    }
    const memory = SharedMemory.open('m', { byteLength: 4 })
    const { child } = await start('writer')
    child.kill('SIGKILL')
    return `${processScope.supported} ${new Int32Array(memory.buffer)[0]}`
  },

  async explorer({ check, overAtomics }) {
    const count = (words) => void words[0]++
    const countWell = (words) => void Atomics.add(words, 0, 1)
    const atRest = (words) => (words.load(0) === 2 ? undefined : 'one is lost')
    const said = [count, countWell].map((thread) => {
      const report = check(overAtomics({ words: 1, threads: [thread, thread], atRest }))
      return report.failure?.verdict ?? report.verdict
    })
    return said.join(', ')
  },

  async lock({ Lock, RWLock }, role) {
    const lock = Lock.open('l')
    if (role === 'holder') {
      lock.acquire()
      process.send('holds')
      return stay()
    }
    const { child } = await start('holder')
    const refused = lock.tryAcquire({ timeoutMs: 20 })
    const waiting = lock.acquireAsync()
    child.kill('SIGKILL')
    const guard = await waiting
    const { abandoned } = guard
    guard.release()
    const readers = [RWLock.open('rw').reader.tryAcquire(), RWLock.open('rw').reader.tryAcquire()]
    return `${refused} ${abandoned} ${lock.locked} ${readers.every(Boolean)}`
  },

  async 'web-locks'({ locks }, role) {
    if (role === 'holder') {
      void locks.request('w', () => {
        process.send('holds')
        return new Promise(stay)
      })
      return new Promise(() => {})
    }
    const { child } = await start('holder')
    const none = await locks.request('w', { ifAvailable: true }, (lock) => lock)
    const told = locks.request('w', (lock) => lock.abandoned)
    child.kill('SIGKILL')
    return `${none} ${await told}`
  },

  async semaphore({ BoundedSemaphore }, role) {
    const jobs = BoundedSemaphore.open('s', { value: 2 })
    if (role === 'holder') {
      jobs.acquire()
      jobs.acquire()
      process.send('holds')
      return stay()
    }
    const { child } = await start('holder')
    const before = jobs.value
    child.kill('SIGKILL')
    await jobs.acquireAsync()
    return `${before} ${jobs.value}`
  },

  async sync({ Event }, role) {
    const event = Event.open('e')
    if (role === 'setter') {
      event.set()
      process.send('set')
      return stay()
    }
    const waiting = event.waitAsync()
    const { child } = await start('setter')
    const told = await waiting
    child.kill()
    return `${told} ${event.isSet}`
  },

  async signals({ signal, kill, strsignal, setitimer, pause }) {
    const arrived = new Promise((resolve) =>
      signal('SIGUSR1', (name, info) => resolve([name, info])),
    )
    kill(process.pid, 'SIGUSR1')
    const [name, info] = await arrived
    signal('SIGALRM', () => {})
    setitimer('real', { valueMs: 50 })
    const woken = pause()
    return `${name} ${info.pid === process.pid} ${woken.signal} ${strsignal('SIGTERM')}`
  },
}

/** The text that each program must print. @type {Record<string, string>} */
export const expected = {
  native: 'loaded',
  core: 'true 42',
  explorer: 'one is lost, held',
  lock: 'null true false true',
  semaphore: '0 1',
  sync: 'true true',
  'web-locks': 'null true',
  signals: 'SIGUSR1 true SIGALRM Terminated',
}

export async function run(name, api) {
  const role = process.argv[2]
  const said = await programs[name](api, role)
  if (role !== undefined) return
  console.log(said)
  process.exit()
}
