/**
 * A process that runs a command under a lock is killed: as long as the command runs, or what it
 * started, nobody else has the lock.
 */
import { list, observe, prune } from '@ipc/core'
import { bequeath, mayHaveHeirs } from '@ipc/core/author'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Company, until, within, type Actor } from '../../core/src/fixtures/actors.mjs'
import { Lock } from './lock.ts'

const FIXTURE = new URL('fixtures/heirs.mjs', import.meta.url)

let company: Company
const commands: number[] = []

beforeEach(() => {
  company = new Company(FIXTURE, { ahead: 2 })
  process.env['IPC_DIR'] = company.directory
})

afterEach(async () => {
  for (const pid of commands.splice(0)) end(pid)
  await company.end()
})

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended
  }
}

/** An owner with a command; both still live. */
async function ownerWithCommand(what = 'lock', command?: string[]): Promise<[Actor, number]> {
  const owner = await company.hire()
  const pid = (await owner.call('takeAndRun', what, command)) as number
  commands.push(pid)
  return [owner, pid]
}

/** True for a while, in which a thing that goes wrong would go wrong. */
async function stays(isSo: () => boolean): Promise<boolean> {
  for (let i = 0; i < 20; i++) {
    if (!isSo()) return false
    await delay(10)
  }
  return true
}

describe.each([
  ['take', 'lock'],
  ['takeAsync', 'lock'],
  ['takeWriter', 'reader'],
])('%s behind a killed %s whose command runs', (call, what) => {
  test('waits until the command has ended', async () => {
    const [owner, command] = await ownerWithCommand(what)
    const next = await company.hire()
    let had: unknown
    const having = next.call(call, what).then((abandoned) => (had = abandoned))
    await until('it waits', () => observe().agents.some(({ waits }) => waits.length > 0))
    await owner.kill()
    expect(await stays(() => had === undefined)).toBe(true)
    end(command)
    // a reader that was killed has left nothing half-written
    expect(await within('the next has it', having)).toBe(what !== 'reader')
  })
})

test('who comes when the owner is dead already finds it held, and by whom', async () => {
  const [owner, command] = await ownerWithCommand()
  await owner.kill()
  const lock = Lock.open('it')
  expect(lock.locked).toBe(true)
  expect(lock.tryAcquire({ timeoutMs: 50 })).toBe(null)
  const [seen] = observe().agents.filter((agent) => agent.command !== null)
  expect(seen).toMatchObject({ pid: owner.pid, livesInHeirs: true, command: { pid: command } })
  end(command)
  const guard = lock.tryAcquire({ timeoutMs: 20_000 })
  expect(guard?.abandoned).toBe(true)
  guard?.release()
  lock.close()
})

test('what the command started in the background inherits, too', async () => {
  const script = 'sleep 1000 & echo $!'
  const [owner, grandchild] = await ownerWithCommand('lock', ['sh', '-c', script])
  await owner.kill()
  const lock = Lock.open('it')
  expect(await stays(() => lock.tryAcquire() === null)).toBe(true)
  end(grandchild)
  await until('it is free', () => !lock.locked)
  lock.close()
})

test('an owner that releases has released, whoever runs on', async () => {
  const [owner] = await ownerWithCommand()
  await owner.call('release')
  const lock = Lock.open('it')
  const guard = lock.tryAcquire()
  expect(guard?.abandoned).toBe(false)
  expect(await owner.call('heirs')).toBe(true)
  guard?.release()
  lock.close()
})

test('an owner that ends in good order has left, whoever runs on', async () => {
  const [owner] = await ownerWithCommand()
  owner.tell('leave')
  await owner.exited
  const lock = Lock.open('it')
  expect(lock.tryAcquire({ timeoutMs: 20_000 })?.abandoned).toBe(true)
  lock.release()
  lock.close()
})

test('the place of the dead is not taken while an heir lives', async () => {
  const [owner, command] = await ownerWithCommand()
  await owner.kill()
  const [seen] = observe().agents.filter((agent) => agent.command !== null)
  const slot = seen!.agent >>> 18
  const settleThere = async (): Promise<number[]> => {
    const one = await company.hire()
    await one.call('settle', slot)
    return observe()
      .agents.filter((agent) => agent.pid === one.pid)
      .map((agent) => agent.agent >>> 18)
  }
  expect(await settleThere()).not.toContain(slot)
  const lock = Lock.open('it')
  expect(lock.locked).toBe(true)
  end(command)
  await until('the heir has ended', () => !lock.locked)
  expect(await settleThere()).toContain(slot)
  expect(lock.tryAcquire()?.abandoned).toBe(true)
  lock.release()
  lock.close()
})

test('its file stays in use', async () => {
  const [owner, command] = await ownerWithCommand()
  await owner.kill()
  expect(prune()).toEqual([])
  expect(() => Lock.unlink('it')).toThrow(expect.objectContaining({ code: 'ERR_IPC_IN_USE' }))
  end(command)
  await until('nobody uses it', () => list()[0]?.users.length === 0)
  expect(prune()).toEqual([]) // it is abandoned, and nobody was told
  expect(prune({ force: true })).toEqual(['lock.it'])
})

describe('bad input', () => {
  test('mayHaveHeirs() after a name was opened', () => {
    const lock = Lock.open('it')
    expect(() => mayHaveHeirs()).toThrow(expect.objectContaining({ code: 'ERR_IPC_IN_USE' }))
    expect(() => bequeath(lock)).toThrow(expect.objectContaining({ code: 'ERR_IPC_INTERNAL' }))
    lock.close()
  })

  test('bequeath() in thread scope', () => {
    expect(() => bequeath(new Lock())).toThrow(
      expect.objectContaining({ code: 'ERR_IPC_UNSUPPORTED' }),
    )
  })
})
