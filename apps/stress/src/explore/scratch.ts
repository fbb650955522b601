import { Machine } from './machine.ts'
import { bounded, complete } from './strategies/bounded.ts'
import { hold, tryHold, tryHoldFor, holdTimes, lockMonitor, LOCK_WORDS } from './subjects/lock.ts'
import type { Model, Segment } from './model.ts'

function go(name: string, agents: Segment[][], crashes = 0, spurious = 0, strategies = [bounded(0), bounded(1), bounded(2), bounded(3), complete]) {
  const model: Model = { name, words: LOCK_WORDS, agents, faults: { crashes, spurious }, monitor: lockMonitor }
  const machine = new Machine(model)
  for (const s of strategies) {
    const end = Date.now() + 20000
    const t0 = performance.now()
    const o = s.search(machine, { over: () => Date.now() > end, maxStates: 5e6, maxSteps: 5000 })
    console.log(name, s.name, o.finding ? `!!! ${o.finding.verdict} T${o.finding.agent} in ${o.finding.schedule.length} steps` : o.covered, `${o.steps} steps`, `${(performance.now() - t0).toFixed(0)} ms`, machine.executions, 'executions')
    if (o.finding || !o.complete) break
  }
}
go('2 hold', [[hold], [hold]])
go('3 hold', [[hold], [hold], [hold]])
go('2 hold crash', [[hold], [hold]], 1)
go('3 hold crash', [[hold], [hold], [hold]], 1)
go('3 hold crash2', [[hold], [hold], [hold]], 2)
go('tryFor', [[hold], [tryHoldFor], [hold]])
go('tryFor crash', [[hold], [tryHoldFor], [hold]], 1)
go('2x2', [[hold, hold], [hold, hold]], 1, 1)
go('3 x 2', [[holdTimes(2)], [holdTimes(2)], [holdTimes(2)]], 0)
