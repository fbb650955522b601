import { ALL } from '@ipc/core'
import { Act, actOf, agentOf, type Action, type Machine } from './machine.ts'
import type { Node } from './automaton.ts'
import { Event, FIRST_ID, Op, RESULTS } from './operation.ts'
import type { Finding } from './strategies/strategy.ts'

/** What happened, for people. */
export interface Timeline {
  /** One row per step: who, and what. */
  readonly rows: readonly { readonly agent: number; readonly text: string }[]
  /** How it stands at the end: who sleeps on what, who is dead, and the words. */
  readonly end: readonly string[]
  readonly verdict: string | null
}

/** Does a schedule again, and writes down what happens. Ends at the first violation. */
export function follow(machine: Machine, schedule: readonly Action[]): Timeline {
  const rows: { agent: number; text: string }[] = []
  const write = (agent: number, text: string): void => void rows.push({ agent, text })
  machine.reset()
  let last = -1
  const segments: (string | null)[] = []
  let skipped = 0
  const actions: Action[] = []
  for (const action of schedule) {
    const agent = agentOf(action)
    if (machine.violation !== null) break
    machine.enabled(actions)
    if (!machine.allows(action)) {
      skipped++
      continue
    }
    const node = machine.nodeOf(agent)
    const act = actOf(action)
    if (act === Act.STEP) {
      if (last !== agent && last >= 0 && machine.isReady(last)) write(last, '── preempted ──')
      last = agent
      const segment = segmentName(machine, agent)
      const key = `${machine.segmentOf(agent)} ${segment}`
      if (segments[agent] !== key && node.kind !== Op.END) {
        segments[agent] = key
        write(agent, segment)
      }
    }
    const asleep = Array.from({ length: machine.agents }, (_, i) => machine.isAsleep(i))
    machine.do(action)
    write(agent, describe(machine, agent, act, node))
    for (let other = 0; other < machine.agents; other++) {
      const woke = asleep[other] && !machine.isAsleep(other)
      if (woke && other !== agent)
        write(other, act === Act.CRASH ? '*** death ***' : '*** woken ***')
    }
    if (machine.isFinished(agent)) write(agent, 'ends')
  }
  if (machine.violation === null) machine.enabled(actions)
  const end = describeEnd(machine)
  if (skipped > 0) end.push(`${skipped} steps of the schedule could not be taken`)
  return { rows, end, verdict: verdictOf(machine) }
}

function verdictOf(machine: Machine): string | null {
  const { violation } = machine
  if (violation === null) return null
  const { agent, verdict } = violation
  return agent === null || verdict.includes(`T${agent}`) ? verdict : `T${agent} ${verdict}`
}

/** One column per agent. */
export function drawTimeline(machine: Machine, finding: Finding): string[] {
  const { rows, end } = follow(machine, finding.schedule)
  const titles = machine.model.agents.map((_, i) => `T${i}`)
  const widths = titles.map((title, i) =>
    Math.max(
      title.length,
      ...rows.filter((row) => row.agent === i).map((row) => row.text.length + 2),
    ),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  const body = rows.map(({ agent, text }) => {
    const isTitle = machine.model.agents[agent]!.some(({ name }) => name === text)
    return line(titles.map((_, i) => (i === agent ? (isTitle ? text : `  ${text}`) : '')))
  })
  return [line(titles), line(widths.map((width) => '-'.repeat(width))), ...body, ...end]
}

function segmentName(machine: Machine, agent: number): string {
  return machine.model.agents[agent]![machine.segmentOf(agent)]?.name ?? 'end'
}

function describe(machine: Machine, agent: number, act: number, node: Node): string {
  switch (act) {
    case Act.TIME_OUT:
      return '*** its time is over ***'
    case Act.SPURIOUS:
      return '*** wakes for no reason ***'
    case Act.ABORT:
      return '*** is aborted ***'
    case Act.CRASH:
      return '††† dies †††'
    default:
      return describeStep(machine, agent, node)
  }
}

function describeStep(machine: Machine, agent: number, node: Node): string {
  const { monitor } = machine.model
  const { answer } = machine
  const name = monitor.wordNames?.[node.index] ?? `[${node.index}]`
  const show = (value: number): string => monitor.show?.(node.index, value) ?? String(value)
  switch (node.kind as number) {
    case Op.LOAD:
      return `load ${name} → ${show(answer)}`
    case Op.STORE:
      return `store ${name} ← ${show(node.value)}`
    case Op.COMPARE_EXCHANGE: {
      const done = answer === node.value ? '' : `; no, it is ${show(answer)}`
      return `cas ${name}: ${show(node.value)} → ${show(node.other)}${done}`
    }
    case Op.EXCHANGE:
      return `exchange ${name} ← ${show(node.value)}; was ${show(answer)}`
    case Op.ADD:
      return `add ${name} ${node.value}; was ${show(answer)}`
    case Op.SUB:
      return `sub ${name} ${node.value}; was ${show(answer)}`
    case Op.AND:
      return `and ${name} ${hex(node.value)}; was ${show(answer)}`
    case Op.OR:
      return `or ${name} ${hex(node.value)}; was ${show(answer)}`
    case Op.IS_DEAD:
      return `is T${node.index - FIRST_ID} dead? ${answer === 1 ? 'yes' : 'no'}`
    case Op.ARM:
      return 'arm'
    case Op.PARK:
      if (machine.isAsleep(agent)) return `*** sleeps on ${name} = ${show(node.value)} ***`
      return `park on ${name} = ${show(node.value)}: ${RESULTS[answer]}`
    case Op.UNPARK:
      return `wake ${node.value === ALL ? 'all' : node.value} of ${name}: ${answer} woken`
    case Op.NOW:
      return answer === 1 ? 'the time is over' : 'the time is not over'
    case Op.PARK_ASYNC:
      return `sleeps, without blocking, on ${name} = ${show(node.value)}`
    case Op.CANCEL:
      return `cancel the sleep: ${answer === 1 ? 'done' : 'too late'}`
    case Op.IDLE:
      return answer >> 6 === Event.START
        ? 'calls'
        : `hears of the end of a sleep: ${RESULTS[answer & 7]}`
    case Op.END:
      return answer === 0 ? 'goes on' : 'stops here'
    default:
      return `throws ${String(node.error)}`
  }
}

function describeEnd(machine: Machine): string[] {
  const { monitor, words } = machine.model
  const name = (word: number): string => monitor.wordNames?.[word] ?? `[${word}]`
  const show = (word: number, value: number): string => monitor.show?.(word, value) ?? String(value)
  const end: string[] = []
  for (let agent = 0; agent < machine.agents; agent++) {
    if (machine.isDead(agent)) end.push(`T${agent} is dead`)
    if (!machine.isAsleep(agent)) continue
    const { index, value, kind } = machine.nodeOf(agent)
    if (kind === Op.IDLE) {
      end.push(`T${agent} waits for an event`)
      continue
    }
    const now = machine.shared.load(index)
    end.push(
      `T${agent} sleeps on ${name(index)} = ${show(index, value)}; ` +
        (now === value ? 'the word is still that' : `the word is now ${show(index, now)}`),
    )
  }
  const all = Array.from(
    { length: words },
    (_, word) => `${name(word)} = ${show(word, machine.shared.load(word))}`,
  )
  end.push(all.join(', '))
  return end
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`
