import { numberOf } from '../numbers.ts'
import { TIMER } from '../program.ts'
import { violation, type Law } from './law.ts'

const SI_KERNEL = 0x80

/** A timer is never early, and does not run out more often than there was time for. */
export const timers: Law = ({ trace }) => {
  const number = numberOf(TIMER)
  const settings = trace.steps.filter(({ step }) => step.do === 'timer')
  const possible = (us: number): number =>
    settings.reduce((sum, { step, beginUs }, i) => {
      if (step.do !== 'timer' || step.valueMs === 0) return sum
      const until = Math.min(us, settings[i + 1]?.endUs ?? Infinity)
      const over = until - beginUs - step.valueMs * 1000
      if (over < 0) return sum
      return sum + 1 + (step.intervalMs === 0 ? 0 : Math.floor(over / (step.intervalMs * 1000)))
    }, 0)
  return trace.delivered
    .filter((one) => one.number === number && one.code === SI_KERNEL)
    .flatMap(({ us }, i) => {
      const most = possible(us)
      if (i + 1 <= most) return []
      const text = `number ${i + 1} came ${us} µs after the start, when ${most} could have`
      return [violation('a timer is never early', number, text)]
    })
}
