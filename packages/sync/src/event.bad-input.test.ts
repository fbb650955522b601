import { temporaryDirectory } from '@ipc/testing'
import { badInputLaws, expectWaitsRefused, type Anything } from '@ipc/testing/laws'
import { afterAll, expect, test } from 'vitest'
import { Event } from './event.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

badInputLaws('event', Event)

test.each([
  ['thread', (): Event => new Event()],
  ['process', (): Event => Event.create()],
] as const)(
  'Event refuses time-outs and signals that are none (%s scope)',
  async (_scope, make) => {
    const event = make()
    for (const isSet of [false, true]) {
      await expectWaitsRefused({
        withTimeout: [(o: Anything) => event.tryWait(o), (o: Anything) => event.tryWaitAsync(o)],
        withSignal: [(o: Anything) => event.waitAsync(o), (o: Anything) => event.tryWaitAsync(o)],
      })
      expect(event.inspect()).toMatchObject({ isSet, waiting: false })
      event.set()
    }
    event.close()
  },
)
