import type { Member } from '../pool/member.ts'
import type { Fault } from '../program/program.ts'

/** The signal that is sent in storms; an agent that is in one handles it. */
export const STORM = 'SIGUSR2'

/** This many signals are sent at once, every millisecond. */
const BURST = 30

/** The faults that agents really had. */
export interface FaultCounts {
  kills: number
  terminations: number
  exits: number
  stops: number
  /** How many signals were sent in storms. */
  signals: number
}

export function noFaults(): FaultCounts {
  return { kills: 0, terminations: 0, exits: 0, stops: 0, signals: 0 }
}

/**
 * Causes the faults that are planned for a moment, from outside. Agents cause those that are planned for a
 * step.
 */
export class OutsideFaults {
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #stopped = new Set<Member>()
  /** How many stops there were. */
  stops = 0
  /** How many signals were sent in storms. */
  signals = 0

  /** `isRunning` says whether an agent has not finished yet. */
  start(
    faults: readonly Fault[],
    members: readonly Member[],
    isRunning: (agent: number) => boolean,
  ): void {
    for (const fault of faults) {
      if (!('afterMs' in fault)) continue
      const member = members[fault.agent]!
      this.#after(fault.afterMs, () => {
        if (!isRunning(fault.agent)) return
        if (fault.what === 'kill') return member.kill()
        if (fault.what === 'storm') return this.#storm(member, performance.now() + fault.forMs)
        this.#stop(member)
        this.#after(fault.forMs, () => this.#continue(member))
      })
    }
  }

  /** Whether somebody is stopped now, and so cannot be waited for. */
  get someStopped(): boolean {
    return this.#stopped.size > 0
  }

  /** Lets everybody go on who is stopped. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const member of this.#stopped) this.#continue(member)
  }

  #after(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, ms)
    this.#timers.add(timer)
  }

  #storm(member: Member, until: number): void {
    for (let i = 0; i < BURST; i++) if (signal(member, STORM)) this.signals++
    if (performance.now() < until) this.#after(1, () => this.#storm(member, until))
  }

  #stop(member: Member): void {
    if (!signal(member, 'SIGSTOP')) return
    this.stops++
    this.#stopped.add(member)
  }

  #continue(member: Member): void {
    if (this.#stopped.delete(member)) signal(member, 'SIGCONT')
  }
}

function signal({ pid, alive }: Member, name: NodeJS.Signals): boolean {
  return pid !== null && alive && process.kill(pid, name)
}
