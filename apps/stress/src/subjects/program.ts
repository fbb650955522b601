import { UsageError } from '../usage.ts'
import type { Faults, Model, Segment } from '@ipc/explorer/engine'
import type { Subject } from './subject.ts'
import { subjectOf } from './table.ts'

/** A program is what is explored, as plain data: a subject, and for each agent the names of its segments. */
export interface Program {
  readonly subject: Subject
  readonly agents: readonly (readonly string[])[]
  readonly faults: Faults
  readonly endless: boolean
}

/** The monitors can tell this many agents apart. */
export const MOST_AGENTS = 4

/** Writes a program as people do, and as tokens begin: `lock/hold,hold/tryFor/crashes=1`. */
export function describeProgram({ subject, agents, faults, endless }: Program): string {
  return [
    subject.name,
    ...agents.map((segments) => segments.join(',')),
    ...(faults.crashes > 0 ? [`crashes=${faults.crashes}`] : []),
    ...(faults.spurious > 0 ? [`spurious=${faults.spurious}`] : []),
    ...(endless ? ['endless'] : []),
  ].join('/')
}

/** @throws UsageError for a text that is no program */
export function parseProgram(text: string): Program {
  const [name, ...parts] = text.split('/')
  const subject = subjectOf(name!)
  if (subject === undefined) throw new UsageError(`no such subject: ${name}`)
  const agents: string[][] = []
  const faults = { crashes: 0, spurious: 0 }
  let endless = false
  for (const part of parts) {
    const option = /^(crashes|spurious)=(\d)$/.exec(part)
    if (option !== null) faults[option[1] as keyof typeof faults] = Number(option[2])
    else if (part === 'endless') endless = true
    else if (part.includes('=')) {
      throw new UsageError(`${part} is not crashes=N or spurious=N, up to 9: ${text}`)
    } else agents.push(part.split(',').filter((segment) => segment !== ''))
  }
  const { mostAgents = MOST_AGENTS } = subject
  if (agents.length === 0 || agents.length > mostAgents) {
    throw new UsageError(`1 to ${mostAgents} agents: ${text}`)
  }
  if (agents.some(({ length }) => length === 0)) {
    throw new UsageError(`each agent must do something: ${text}`)
  }
  const known = segmentsOf(subject).map((segment) => segment.name)
  const unknown = agents.flat().find((segment) => !known.includes(segment))
  if (unknown !== undefined) {
    throw new UsageError(`${subject.name} has no ${unknown} (it has ${known.join(', ')})`)
  }
  const refused = subject.refuses?.(agents)
  if (refused !== undefined) throw new UsageError(`${refused}: ${text}`)
  return { subject, agents, faults, endless }
}

/** Whether a user could write it. */
export function isWritable({ subject, agents }: Program): boolean {
  return subject.refuses?.(agents) === undefined
}

export function modelOf(program: Program): Model {
  const { subject, agents, faults, endless } = program
  const { initial, robust, commutes, helpers, processes } = subject
  return {
    name: describeProgram(program),
    words: subject.words,
    ...(initial === undefined ? {} : { initial: initial(agents) }),
    ...(robust === undefined ? {} : { robust }),
    agents: [
      ...agents.map((names) =>
        names.map((name) => segmentsOf(subject).find((segment) => segment.name === name)!),
      ),
      ...(helpers?.(agents) ?? []).map((segment) => [segment]),
    ],
    ...(commutes === undefined ? {} : { commutes }),
    ...(processes === undefined ? {} : { processes: processes(agents) }),
    faults,
    endless,
    monitor: subject.monitor,
  }
}

/** Answers with the segments of threads that block, and those of event loops. */
export function segmentsOf({ segments, loops = [] }: Subject): readonly Segment[] {
  return [...segments, ...loops]
}
