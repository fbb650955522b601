import type { Send, SignalFault, SignalProgram, Step } from './program.ts'

/** Writes a program as people read it. */
export function describeSignalProgram({ steps, senders, faults }: SignalProgram): string[] {
  return [
    'receiver',
    ...steps.map((step, i) => `  ${String(i).padStart(2)}  ${describeStep(step)}`),
    ...senders.flatMap((sends, i) => [
      `sender ${i}`,
      ...sends.map((send) => `  ${describeSend(send)}`),
    ]),
    ...(faults.length > 0 ? ['faults', ...faults.map((fault) => `  ${describeFault(fault)}`)] : []),
  ]
}

export function describeStep(step: Step): string {
  if (step.do === 'mask') return `sigmask ${step.how} ${step.set.join(' ')}`
  if ('set' in step) return `${step.do} ${step.set.join(' ')}, ${step.ms} ms`
  if (step.do === 'lock') {
    return `wait for a lock, ${step.ms} ms${step.throws ? '; handlers throw' : ''}`
  }
  if ('ms' in step) return `${step.do} ${step.ms} ms`
  if (step.do === 'timer') {
    return step.valueMs === 0 ? 'timer off' : `timer ${step.valueMs} ms, ${step.intervalMs} ms`
  }
  if ('signal' in step) return `${step.do} ${step.signal}`
  return step.do === 'meet' ? 'wait for the senders' : 'sigpending'
}

function describeSend({ at, signal, how, count, gapMs }: Send): string {
  const name = { kill: 'kill', queue: 'sigqueue', ref: 'kill by pidfd' }[how]
  const gap = gapMs === 0 ? '' : `, ${gapMs} ms apart`
  return `from step ${at} on: ${count} × ${name} ${signal}${gap}`
}

function describeFault(fault: SignalFault): string {
  if (fault.what === 'kill') return `sender ${fault.sender} is killed after ${fault.afterMs} ms`
  return `the receiver is stopped after ${fault.afterMs} ms, for ${fault.forMs} ms`
}
