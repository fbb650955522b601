import { Act, actOf, agentOf, type Action } from '../machine/action.ts'
import { Automata } from '../code/automaton.ts'
import { Machine } from '../machine/machine.ts'
import type { Model } from '../model.ts'
import type { CallNote } from '../code/named.ts'
import type { Node } from '../code/node.ts'
import { ALL, DEATH, Event, FIRST_ID, Op, REFUSED, RESULTS } from '../code/operation.ts'
import { sleepsOf, type Sleep } from '../code/sleeps.ts'

/** The kinds of rows of a timeline. */
export type RowKind =
  /** A call of the code under test begins, or returns. */
  | 'call'
  | 'return'
  /** One operation on the shared memory. */
  | 'step'
  /** Another agent goes on, though this one could. */
  | 'preempted'
  | 'sleep'
  | 'wake'
  /** Something that the code did not do: a time-out, an abort, a wake for no reason. */
  | 'fault'
  | 'death'
  | 'end'
  /** The sentence that says which law was broken. */
  | 'wrong'

export interface Row {
  readonly agent: number
  readonly kind: RowKind
  readonly text: string
  /** Whether it happens to this agent because of what the agent of the row before does. */
  readonly aside?: true
}

/** How an agent stands at the end. */
export interface Standing {
  readonly name: string
  readonly state: 'asleep' | 'dead' | 'finished' | 'ready'
  /** Tells what it sleeps on, and why that is or is not right. */
  readonly text: string
}

/** A shared word at the end, with the names of its bits. */
export interface WordAtEnd {
  readonly name: string
  readonly value: number
  readonly shown: string
}

/** The story of one schedule, for people. */
export interface Timeline {
  /** The names of the agents. */
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
  readonly agents: readonly Standing[]
  readonly memory: readonly WordAtEnd[]
  readonly verdict: string | null
  readonly preemptions: number
  /** How many steps of the schedule could not be taken, because the code has changed since. */
  readonly skipped: number
}

/** Runs a schedule again, and writes down what happens. It ends at the first violation. */
export function follow(model: Model, schedule: readonly Action[]): Timeline {
  return new Follower(model).follow(schedule)
}

const WAITS: ReadonlySet<number> = new Set([Op.PARK, Op.IDLE, Op.SLEEP_ON, Op.AWAIT])

class Follower {
  readonly #machine: Machine
  readonly #rows: Row[] = []
  /**
   * For each agent, the calls and returns that were not written yet, and the calls that have not returned.
   */
  readonly #pending: CallNote[][]
  readonly #open: string[][]
  /** For each agent, its asynchronous sleeps. */
  readonly #tickets: Map<number, Sleep>[]
  readonly #segments: number[]
  /** The nodes that agents came to in this step. */
  #arrived: { readonly agent: number; readonly node: Node }[] = []
  #isAside = false
  #preemptions = 0
  #skipped = 0

  constructor(model: Model) {
    this.#pending = model.agents.map(() => [])
    this.#open = model.agents.map(() => [])
    this.#tickets = model.agents.map(() => new Map())
    this.#segments = model.agents.map(() => -1)
    const automata = new Automata(null, { isWatched: true })
    this.#machine = new Machine(model, automata, (agent, node) => {
      this.#arrived.push({ agent, node })
    })
    for (const { agent, node } of this.#arrived) this.#pending[agent]!.push(...node.calls)
  }

  follow(schedule: readonly Action[]): Timeline {
    const machine = this.#machine
    const actions: Action[] = []
    let last = -1
    for (const action of schedule) {
      if (machine.violation !== null) break
      machine.enabled(actions)
      if (!machine.allows(action)) {
        this.#skipped++
        continue
      }
      if (actOf(action) === Act.STEP) {
        const agent = agentOf(action)
        if (last >= 0 && last !== agent && machine.isReady(last)) {
          this.#write(last, 'preempted', '── preempted ──')
          this.#preemptions++
        }
        last = agent
      }
      this.#do(action)
    }
    if (machine.violation === null) machine.enabled(actions)
    else this.#write(machine.violation.agent ?? 0, 'wrong', `!!! ${machine.violation.verdict}`)
    const agents = Array.from({ length: machine.agents }, (_, agent) => agent)
    return {
      columns: agents.map((agent) => `T${agent}`),
      rows: this.#rows,
      agents: agents.map((agent) => this.#standing(agent)),
      memory: this.#memory(),
      verdict: verdictOf(machine),
      preemptions: this.#preemptions,
      skipped: this.#skipped,
    }
  }

  #write(agent: number, kind: RowKind, text: string): void {
    this.#rows.push({ agent, kind, text, ...(this.#isAside ? { aside: true } : {}) })
  }

  /* ---- one action ---------------------------------------------------------------------------- */

  #do(action: Action): void {
    const machine = this.#machine
    const agent = agentOf(action)
    const act = actOf(action)
    const node = machine.nodeOf(agent)
    if (act === Act.STEP) {
      this.#enterSegment(agent, node)
      this.#flush(agent, this.#pending[agent]!.length)
    }
    this.#arrived = []
    machine.do(action)
    if (act === Act.STEP) this.#writeStep(agent, node, machine.answer)
    else this.#write(agent, act === Act.CRASH ? 'death' : 'fault', faultText(act))
    let isWritten = act === Act.STEP
    for (const { agent: who, node: to } of this.#arrived) {
      this.#isAside = who !== agent
      if (who === agent && isWritten) isWritten = false
      else this.#writeArrival(who, to, who === agent && act !== Act.STEP)
      this.#note(who, to, who === agent && act === Act.STEP)
    }
    this.#isAside = false
    for (const who of new Set([agent, ...this.#arrived.map((arrival) => arrival.agent)])) {
      if (!machine.isFinished(who)) continue
      this.#flush(who, this.#pending[who]!.length)
      this.#write(who, 'end', 'ends')
    }
  }

  /**
   * Writes how an agent came to a node without an action of its own: another agent did something, or the
   * machine did its step at once, as nobody will die any more and it is known who is dead.
   */
  #writeArrival(agent: number, { parent, answer }: Node, isOfFault: boolean): void {
    if (parent === null || (isOfFault && WAITS.has(parent.kind))) return
    if (parent.kind <= Op.XOR && this.#isHidden(parent.index)) return
    if (parent.kind === Op.SLEEP_ON || parent.kind === Op.UNQUEUE) {
      const on = this.#name(sleepsOf(parent)[answer]!.word)
      return this.#write(agent, 'wake', `*** woken on ${on} ***`)
    }
    if (parent.kind !== Op.PARK) return this.#writeStep(agent, parent, answer)
    this.#write(agent, 'wake', answer === DEATH ? '*** woken by the death ***' : '*** woken ***')
  }

  /** Returns are written at once, if the agent runs; calls begin with their first operation. */
  #note(agent: number, node: Node, isRunning: boolean): void {
    const pending = this.#pending[agent]!
    pending.push(...node.calls)
    if (isRunning) this.#flush(agent, pending.findLastIndex(({ isReturn }) => isReturn) + 1)
  }

  #flush(agent: number, count: number): void {
    const open = this.#open[agent]!
    for (const { isReturn, text } of this.#pending[agent]!.splice(0, count)) {
      if (!isReturn) {
        open.push(text)
        this.#write(agent, 'call', text)
        continue
      }
      const name = text.split(/ [→✗] /, 1)[0]!
      const at = open.findIndex((call) => call.startsWith(`${name}(`))
      if (at >= 0) open.splice(at, 1)
      if (!text.endsWith('→ undefined')) this.#write(agent, 'return', text)
    }
  }

  /** Code that does not say what it calls has the name of its segment. */
  #enterSegment(agent: number, node: Node): void {
    const machine = this.#machine
    const segment = machine.segmentOf(agent)
    if (this.#segments[agent] === segment || node.kind === Op.END) return
    this.#segments[agent] = segment
    const name = machine.model.agents[agent]![segment]?.name
    if (name !== undefined && this.#pending[agent]!.length === 0) this.#write(agent, 'call', name)
  }

  #writeStep(agent: number, node: Node, answer: number): void {
    const kind = node.kind as number
    if (kind === Op.PARK_ASYNC && answer !== REFUSED) {
      this.#tickets[agent]!.set(answer, { word: node.index, expected: node.value })
    }
    if (kind === Op.CANCEL && answer === 1) this.#tickets[agent]!.delete(node.index)
    if (kind === Op.IDLE && answer >> 6 === Event.TICKET) {
      this.#tickets[agent]!.delete((answer >> 3) & 7)
    }
    const sleeps = (kind === Op.PARK || kind === Op.SLEEP_ON) && this.#machine.isAsleep(agent)
    const isSleep = sleeps || (kind === Op.PARK_ASYNC && answer !== REFUSED)
    this.#write(agent, isSleep ? 'sleep' : 'step', this.#describe(node, answer, sleeps))
  }

  #describe(node: Node, answer: number, sleeps: boolean): string {
    const { index, value, other } = node
    const name = this.#name(index)
    const show = (shown: number): string => this.#show(index, shown)
    switch (node.kind as number) {
      case Op.LOAD:
        return `load ${name} → ${show(answer)}`
      case Op.STORE:
        return `store ${name} ← ${show(value)}`
      case Op.COMPARE_EXCHANGE: {
        const done = answer === value ? '' : `; no, it is ${show(answer)}`
        return `cas ${name}: ${show(value)} → ${show(other)}${done}`
      }
      case Op.EXCHANGE:
        return `exchange ${name} ← ${show(value)}; was ${show(answer)}`
      case Op.ADD:
        return `add ${name} ${value}; was ${show(answer)}`
      case Op.SUB:
        return `sub ${name} ${value}; was ${show(answer)}`
      case Op.AND:
        return `and ${name} ${hex(value)}; was ${show(answer)}`
      case Op.OR:
        return `or ${name} ${hex(value)}; was ${show(answer)}`
      case Op.XOR:
        return `xor ${name} ${hex(value)}; was ${show(answer)}`
      case Op.IS_DEAD:
        return `is T${index - FIRST_ID} dead? ${answer === 1 ? 'yes' : 'no'}`
      case Op.ARM:
        return 'arm'
      case Op.PARK:
        if (sleeps) return `*** sleeps on ${name} = ${show(value)} ***`
        return `park on ${name} = ${show(value)}: ${RESULTS[answer]}`
      case Op.SLEEP_ON: {
        const on = this.#describeMany(node)
        return sleeps ? `*** sleeps on ${on} ***` : `sleep on ${on}: one has changed`
      }
      case Op.UNQUEUE:
        return 'runs again'
      case Op.AWAIT:
        return `${name}: ${show(value)} → ${show(other)}`
      case Op.EXIT:
        return value === 1 ? 'lives on' : 'the thread ends'
      case Op.UNPARK:
        return `wake ${value === ALL ? 'all' : value} of ${name}: ${answer} woken`
      case Op.NOW:
        return answer === 1 ? 'the time is over' : 'the time is not over'
      case Op.PARK_ASYNC:
        if (answer === REFUSED) return `park on ${name} = ${show(value)}: changed`
        return `*** sleeps on ${name} = ${show(value)}, without blocking ***`
      case Op.CANCEL:
        return `cancel the sleep: ${answer === 1 ? 'done' : 'too late'}`
      case Op.IDLE:
        return describeEvent(answer)
      case Op.END:
        return answer === 0 ? 'goes on' : 'stops here'
      default:
        return `throws ${String(node.error)}`
    }
  }

  #describeMany(list: Pick<Node, 'index'>): string {
    return sleepsOf(list)
      .map(({ word, expected }) => `${this.#name(word)} = ${this.#show(word, expected)}`)
      .join(', ')
  }

  #name(word: number): string {
    return this.#machine.model.monitor.wordNames?.[word] ?? `[${word}]`
  }

  #show(word: number, value: number): string {
    return this.#machine.model.monitor.show?.(word, value) ?? String(value)
  }

  /* ---- the end ------------------------------------------------------------------------------- */

  #standing(agent: number): Standing {
    const machine = this.#machine
    const name = `T${agent}`
    if (machine.isDead(agent)) return { name, state: 'dead', text: 'is dead' }
    if (machine.isFinished(agent)) return { name, state: 'finished', text: 'has ended' }
    const call = this.#open[agent]!.at(-1)
    const inside = call === undefined ? '' : ` in ${call}`
    if (!machine.isAsleep(agent)) return { name, state: 'ready', text: `could go on${inside}` }
    const node = machine.nodeOf(agent)
    if (node.kind === Op.SLEEP_ON) {
      const all = sleepsOf(node).map((sleep) => this.#describeSleep(sleep))
      return { name, state: 'asleep', text: `sleeps${inside} on ${all.join('; and on ')}` }
    }
    if (node.kind !== Op.IDLE) {
      const sleep = { word: node.index, expected: node.value }
      return { name, state: 'asleep', text: `sleeps${inside} on ${this.#describeSleep(sleep)}` }
    }
    const sleeps = [...this.#tickets[agent]!.values()].map((sleep) => this.#describeSleep(sleep))
    const text =
      sleeps.length > 0 ? `sleeps${inside} on ${sleeps.join('; and on ')}` : `waits${inside}`
    return { name, state: 'asleep', text }
  }

  #describeSleep({ word, expected }: Sleep): string {
    const now = this.#machine.shared.load(word)
    const is = now === expected ? 'is still that' : `is now ${this.#show(word, now)}`
    return `${this.#name(word)} = ${this.#show(word, expected)}; the word ${is}`
  }

  #memory(): WordAtEnd[] {
    const words = Array.from({ length: this.#machine.model.words }, (_, word) => word)
    return words
      .filter((word) => !this.#isHidden(word))
      .map((word) => {
        const value = this.#machine.shared.load(word)
        return { name: this.#name(word), value, shown: this.#show(word, value) }
      })
  }

  /** If some words have names, those that have none are hidden, as they are of no interest. */
  #isHidden(word: number): boolean {
    const { wordNames } = this.#machine.model.monitor
    return wordNames !== undefined && wordNames[word] === undefined
  }
}

function verdictOf({ violation }: Machine): string | null {
  if (violation === null) return null
  const { agent, verdict } = violation
  return agent === null || verdict.includes(`T${agent}`) ? verdict : `T${agent} ${verdict}`
}

function faultText(act: number): string {
  switch (act) {
    case Act.TIME_OUT:
      return '*** its time is over ***'
    case Act.SPURIOUS:
      return '*** wakes for no reason ***'
    case Act.ABORT:
      return '*** is aborted ***'
    default:
      return '††† dies †††'
  }
}

function describeEvent(answer: number): string {
  switch (answer >> 6) {
    case Event.START:
      return 'the next call begins, or goes on'
    case Event.TIMER:
      return 'a timer fires'
    case Event.ABORT:
      return 'an abort is heard'
    default:
      return `hears of the end of a sleep: ${RESULTS[answer & 7]}`
  }
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`
