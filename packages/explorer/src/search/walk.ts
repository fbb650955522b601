import { Act, actOf, type Action } from '../machine/action.ts'
import type { Machine } from '../machine/machine.ts'
import { Random } from './random.ts'
import type { Budget, Outcome, Strategy } from './strategy.ts'

/** Chooses among the steps that agents can take. */
export interface Scheduler {
  /** Begins a new schedule. */
  begin(machine: Machine, random: Random): void
  /** Chooses one of `actions[0..count - 1]`, all of them steps. */
  pick(machine: Machine, actions: readonly Action[], count: number, random: Random): Action
}

/** Faults and the ends of time-outs are as rare as this, while agents can take steps. */
const ONE_FAULT_IN = 24

/** Runs one schedule after another, chosen at random, until the budget is used up. */
export function walks(
  name: string,
  makeScheduler: () => Scheduler,
  seed: number,
  schedules: number,
): Strategy {
  return {
    name,
    search: (machine, budget) => walk(machine, budget, makeScheduler(), seed, schedules),
  }
}

function walk(
  machine: Machine,
  budget: Budget,
  scheduler: Scheduler,
  seed: number,
  most: number,
): Outcome {
  const random = new Random(seed)
  const stepsBefore = machine.steps
  const actions: Action[] = []
  const schedule: Action[] = []
  let schedules = 0
  const outcome = (isFound: boolean): Outcome => ({
    finding: isFound ? { ...machine.violation!, schedule: [...schedule] } : null,
    covered: `${schedules.toLocaleString('en-US')} random schedules, seed ${seed}`,
    complete: schedules >= most,
    schedules,
    states: 0,
    steps: machine.steps - stepsBefore,
  })
  for (; schedules < most; schedules++) {
    if (schedules % 256 === 255 && budget.over()) break
    machine.reset()
    scheduler.begin(machine, random)
    schedule.length = 0
    for (;;) {
      const count = machine.enabled(actions)
      if (machine.violation !== null) return outcome(true)
      if (count === 0) break
      const action = choose(machine, actions, count, scheduler, random)
      schedule.push(action)
      machine.do(action)
      if (machine.violation !== null) return outcome(true)
      if (schedule.length < budget.maxSteps) continue
      if (machine.model.endless) break
      machine.violation = { verdict: `no end after ${budget.maxSteps} steps`, agent: null }
      return outcome(true)
    }
  }
  return outcome(false)
}

function choose(
  machine: Machine,
  actions: readonly Action[],
  count: number,
  scheduler: Scheduler,
  random: Random,
): Action {
  if (count === 1) return actions[0]!
  let steps = 0
  while (steps < count && actOf(actions[steps]!) === Act.STEP) steps++
  const faults = count - steps
  if (faults > 0 && (steps === 0 || random.below(ONE_FAULT_IN) === 0)) {
    return actions[steps + random.below(faults)]!
  }
  return steps === 1 ? actions[0]! : scheduler.pick(machine, actions, steps, random)
}
