/** `block` and `AsyncQueue` over a memory that sleeps and wakes as the test says. */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { AsyncQueue } from './async-queue.ts'
import { block } from './block.ts'
import { IpcError } from '../errors.ts'
import type { Memory, ParkResult, Ticket } from '../memory/memory.ts'
import { NOWHERE, type Sleep, type Waiting } from './sleep.ts'

/** The calls that were made, in order; and the tickets that sleep. */
class FakeMemory {
  readonly calls: string[] = []
  readonly tickets: { wake: () => void; cancelled: boolean }[] = []
  clock = 0
  canCancel = true
  armed: Error | null = null
  onPark: () => ParkResult = () => 'woken'
  readonly self = 7

  get memory(): Memory {
    return this as unknown as Memory
  }

  now(): number {
    return this.clock
  }

  arm(): number {
    this.calls.push('arm')
    if (this.armed !== null) throw this.armed
    return 1
  }

  park(index: number, expected: number): ParkResult {
    this.calls.push(`park ${index} ${expected}`)
    return this.onPark()
  }

  parkAsync(index: number, expected: number, _watch: number, wake: () => void): Ticket {
    this.calls.push(`parkAsync ${index} ${expected}`)
    const ticket = { wake, cancelled: false }
    this.tickets.push(ticket)
    return {
      cancel: () => {
        if (!this.canCancel) return false
        this.tickets.splice(this.tickets.indexOf(ticket), 1)
        ticket.cancelled = true
        return true
      },
    }
  }

  /** Acts as if the word had been woken. */
  wake(): void {
    this.tickets.shift()!.wake()
  }
}

/** Something of which there are `left`. */
class Things implements Waiting<string> {
  left = 0
  leaves = 0
  attempts = 0
  where = 4
  readonly owner: object
  readonly sleeps: Sleep[] = []

  constructor(owner: object = {}) {
    this.owner = owner
  }

  attempt(sleep: Sleep): string | undefined {
    this.attempts++
    this.sleeps.push(sleep)
    if (this.left > 0) return `thing ${this.left--}`
    sleep.on(this.where, 9)
    return undefined
  }

  leave(): void {
    this.leaves++
  }
}

const what = (): string => 'thing'

describe('block()', () => {
  test('takes what is there without sleeping', () => {
    const fake = new FakeMemory()
    const things = new Things()
    things.left = 1
    expect(block(fake.memory, things, Infinity, what)).toBe('thing 1')
    expect(fake.calls).toEqual(['arm'])
    expect(things.leaves).toBe(0)
  })

  test('arms, then examines, then parks, however often it is woken for nothing', () => {
    const fake = new FakeMemory()
    const things = new Things()
    let wakes = 0
    const results: ParkResult[] = ['woken', 'changed', 'death', 'interrupted', 'timed-out']
    fake.onPark = () => {
      if (wakes === results.length - 1) things.left = 1
      return results[wakes++] ?? 'woken'
    }
    expect(block(fake.memory, things, Infinity, what)).toBe('thing 1')
    expect(fake.calls.join()).toBe(`${'arm,park 4 9,'.repeat(5)}arm`)
    expect(things.sleeps[0]?.slept).toBe(5)
    expect(things.sleeps[0]?.blocking).toBe(true)
    expect(things.leaves).toBe(0)
  })

  test('gives up at its deadline, after one more look, and leaves', () => {
    const fake = new FakeMemory()
    const things = new Things()
    fake.onPark = () => {
      fake.clock = 50
      return 'timed-out'
    }
    expect(block(fake.memory, things, 50, what)).toBe(undefined)
    expect([things.attempts, things.leaves]).toEqual([2, 1])

    const late = new Things()
    fake.clock = 0
    fake.onPark = () => {
      fake.clock = 50
      late.left = 1
      return 'timed-out'
    }
    expect(block(fake.memory, late, 50, what)).toBe('thing 1')
    expect(late.leaves).toBe(0)
  })

  test('leaves nothing behind when it never slept', () => {
    const fake = new FakeMemory()
    const things = new Things()
    fake.clock = 10
    expect(block(fake.memory, things, 10, what)).toBe(undefined)
    expect([things.attempts, things.leaves]).toEqual([1, 0])
  })

  test('leaves when it ends by an error after having slept', () => {
    const fake = new FakeMemory()
    const things = new Things()
    const error = new Error('a handler threw')
    fake.onPark = () => {
      fake.armed = error
      return 'woken'
    }
    expect(() => block(fake.memory, things, Infinity, what)).toThrow(error)
    expect(things.leaves).toBe(1)
    const first = new Things()
    expect(() => block(fake.memory, first, Infinity, what)).toThrow(error)
    expect(first.leaves).toBe(0)
  })
})

function setUp(): { fake: FakeMemory; queue: AsyncQueue<string>; things: Things } {
  const fake = new FakeMemory()
  return { fake, queue: new AsyncQueue<string>(fake.memory), things: new Things() }
}

describe('AsyncQueue', () => {
  test('serves in order, with one ticket, one try more than there is to have', async () => {
    const { fake, queue, things } = setUp()
    const order: string[] = []
    const calls = [1, 2, 3].map((n) =>
      queue.wait(things, Infinity, undefined).then((thing) => order.push(`${n} has ${thing}`)),
    )
    expect(queue.isEmpty).toBe(false)
    expect(fake.tickets).toHaveLength(1)
    expect(things.attempts).toBe(1)
    things.left = 2
    fake.wake()
    await Promise.all(calls.slice(0, 2))
    expect(order).toEqual(['1 has thing 2', '2 has thing 1'])
    expect(things.attempts).toBe(4)
    expect(fake.tickets).toHaveLength(1)
    things.left = 1
    fake.wake()
    await calls[2]
    expect(queue.isEmpty).toBe(true)
    expect(fake.tickets).toHaveLength(0)
    expect(things.leaves).toBe(0)
  })

  test('marks only the one that slept as having slept', async () => {
    const { fake, queue, things } = setUp()
    const calls = [queue.wait(things, Infinity, undefined), queue.wait(things, Infinity, undefined)]
    fake.wake() // for nothing
    fake.wake()
    things.left = 2
    queue.serve()
    await Promise.all(calls)
    expect([...new Set(things.sleeps)].map(({ slept }) => slept)).toEqual([2, 0])
  })

  test('cancels the ticket when the last call leaves, and passes the wake on', async () => {
    const { fake, queue, things } = setUp()
    const controllers = [new AbortController(), new AbortController()] as const
    const calls = controllers.map(({ signal }) => queue.wait(things, Infinity, signal))
    controllers[0].abort('first')
    await expect(calls[0]).rejects.toBe('first')
    expect(things.leaves).toBe(0) // the ticket serves the other
    controllers[1].abort('second')
    await expect(calls[1]).rejects.toBe('second')
    expect([things.leaves, fake.tickets.length]).toEqual([1, 0])
    expect(queue.isEmpty).toBe(true)
  })

  test('keeps a ticket that cannot be cancelled, which passes its wake on if nobody came', async () => {
    const { fake, queue, things } = setUp()
    fake.canCancel = false
    const controller = new AbortController()
    const call = queue.wait(things, Infinity, controller.signal)
    controller.abort()
    await expect(call).rejects.toBe(controller.signal.reason)
    expect(things.leaves).toBe(0)
    const next = queue.wait(things, Infinity, undefined)
    expect(fake.tickets).toHaveLength(1) // the old one will do
    things.left = 1
    fake.wake()
    expect(await next).toBe('thing 1')

    const last = new AbortController()
    const gone = queue.wait(things, Infinity, last.signal)
    last.abort('gone')
    await expect(gone).rejects.toBe('gone')
    fake.wake()
    expect(things.leaves).toBe(1)
  })

  test('needs no ticket when the thread itself will serve', async () => {
    const { fake, queue, things } = setUp()
    things.where = NOWHERE
    const first = queue.wait(things, Infinity, undefined)
    const second = queue.wait(things, Infinity, undefined)
    expect(fake.tickets).toHaveLength(0)
    expect(queue.hand(() => 'handed on')).toBe(true)
    expect(await first).toBe('handed on')
    expect(queue.hand(() => 'and on')).toBe(true)
    expect(await second).toBe('and on')
    expect(queue.hand(() => 'nobody')).toBe(false)
  })

  test('hands nothing on, and rejects all, when the memory is gone', async () => {
    const { fake, queue, things } = setUp()
    const calls = [queue.wait(things, Infinity, undefined), queue.wait(things, Infinity, undefined)]
    fake.armed = new Error('removed')
    expect(queue.hand(() => 'worth nothing')).toBe(false)
    for (const call of calls) await expect(call).rejects.toBe(fake.armed)
    expect(queue.isEmpty).toBe(true)
    await expect(queue.wait(things, Infinity, undefined)).rejects.toBe(fake.armed)
  })

  test('gives null at the deadline, not before, and serves the next', async () => {
    const { fake, queue, things } = setUp()
    const start = performance.now()
    fake.now = () => performance.now() - start
    const impatient = queue.wait(things, 20, undefined)
    const patient = queue.wait(things, Infinity, undefined)
    expect(await impatient).toBe(null)
    expect(performance.now() - start).toBeGreaterThanOrEqual(20)
    things.left = 1
    fake.wake()
    expect(await patient).toBe('thing 1')
    expect(await queue.wait(things, -1, undefined)).toBe(null) // it is late already
  })

  test('a timer of a test, faster than the clock, ends a wait', async () => {
    vi.useFakeTimers()
    try {
      const { queue, things } = setUp()
      const calls = [50, 2 ** 31 + 50].map((ms) => queue.wait(things, ms, undefined))
      vi.advanceTimersByTime(50)
      expect(await calls[0]).toBe(null)
      expect(queue.isEmpty).toBe(false)
      queue.fail('enough')
      await expect(calls[1]).rejects.toBe('enough')
    } finally {
      vi.useRealTimers()
    }
  })

  test('fail() rejects the calls of one owner, or all', async () => {
    const { fake, queue } = setUp()
    const [one, two] = [new Things(), new Things()]
    const calls = [one, two, one].map((things) => queue.wait(things, Infinity, undefined))
    const rejected = [0, 2].map((i) => expect(calls[i]).rejects.toThrow('closed'))
    queue.fail(new Error('closed'), one.owner)
    await Promise.all(rejected)
    two.left = 1
    fake.wake()
    expect(await calls[1]).toBe('thing 1')
    const rest = [one, two].map((things) => queue.wait(things, Infinity, undefined))
    queue.fail(new Error('all'))
    await Promise.all(rest.map((call) => expect(call).rejects.toThrow('all')))
    expect(queue.isEmpty).toBe(true)
  })

  test('fail() tells each call by an error of its own', async () => {
    const { queue, things } = setUp()
    const calls = [1, 2].map(() => queue.wait(things, Infinity, undefined))
    queue.fail(new IpcError('ERR_IPC_CLOSED', 'use it: it was closed'))
    const [one, two] = (await Promise.allSettled(calls)) as PromiseRejectedResult[]
    expect(one!.reason).toBeInstanceOf(IpcError)
    expect(two!.reason).toEqual(one!.reason)
    expect(two!.reason).not.toBe(one!.reason)
  })

  test('has one listener per signal, and removes it', async () => {
    const { queue, things } = setUp()
    const controller = new AbortController()
    const { signal } = controller
    let listeners = 0
    const add = signal.addEventListener.bind(signal) as (...given: unknown[]) => void
    const remove = signal.removeEventListener.bind(signal) as (...given: unknown[]) => void
    signal.addEventListener = (...given: unknown[]) => {
      listeners++
      add(...given)
    }
    signal.removeEventListener = (...given: unknown[]) => {
      listeners--
      remove(...given)
    }
    const calls = [queue.wait(things, Infinity, signal), queue.wait(things, Infinity, signal)]
    expect(listeners).toBe(1)
    things.left = 1
    queue.serve()
    await calls[0]
    expect(listeners).toBe(1)
    things.left = 1
    queue.serve()
    await calls[1]
    expect(listeners).toBe(0)
    await delay(0)
  })

  test('an abort ends all calls with its signal, oldest first, and no others', async () => {
    const { queue, things } = setUp()
    const controller = new AbortController()
    const { signal } = controller
    const order: number[] = []
    const calls = [1, 2, 3].map((each) =>
      queue.wait(things, Infinity, signal).catch(() => order.push(each)),
    )
    const other = queue.wait(things, Infinity, new AbortController().signal)
    controller.abort()
    await Promise.all(calls)
    expect(order).toEqual([1, 2, 3])
    things.left = 1
    queue.serve()
    await other
  })
})
