import type { Shared } from '../agent/kinds.ts'
import { type Agent, eventLoop, type Loop, type Segment, TICKETS } from '@ipc/explorer/engine'
import { MOST_AGENTS, type Program as Explored } from '../../subjects/program.ts'
import {
  isAsync,
  type AgentSpec,
  type ObjectSpec,
  type Operation,
  type Program,
} from '../program/program.ts'
import type { Replay } from '../program/token.ts'
import { monitorOf, type TrackPlace } from './monitor.ts'
import { openPart, partsOf, type Part } from './part.ts'
import { END_CODES, perform, WAIT_CODES } from './steps/perform.ts'

/** An agent has at most this many segments; one that would have more does all its rounds in one. */
const MOST_SEGMENTS = 60

/** Answers with the reasons why a program cannot be explored; with none if it can be. */
export function obstacles({ agents, objects }: Program): string[] {
  const tracks = agents.reduce((sum, agent) => sum + agent.tracks.length, 0)
  const found: string[] = []
  if (tracks > MOST_AGENTS) {
    found.push(`it does ${tracks} things at once; the explorer tells ${MOST_AGENTS} apart`)
  }
  for (const [i, agent] of agents.entries()) {
    if (objects.some((_, object) => consumersOf(agent, object) > 1)) {
      found.push(`A${i} waits for a condition in several tracks; the explorer tells agents apart`)
    }
    const most = mostSleeps(agent, objects)
    if (most > TICKETS) {
      found.push(
        `A${i} may have ${most} asynchronous sleeps; in the explorer an agent may have ${TICKETS}`,
      )
    }
  }
  return found
}

/** Answers with what the explorer does in another way. */
export function differences({ agents, objects, faults }: Program, rounds: number): string[] {
  const dying = new Set(faults.filter(({ what }) => what === 'kill' || what === 'exit'))
  const found: string[] = []
  const longest = Math.max(...agents.map((agent) => agent.rounds))
  if (rounds < longest) found.push(`each agent does at most ${rounds} of its rounds`)
  if (objects.length > 1) found.push('the objects lie side by side in one memory')
  if (dying.size > 0) {
    found.push(
      `any ${crashesOf(faults)} of the agents may die, at any step, not only who was killed`,
    )
  }
  if (agents.some(({ tracks }) => tracks.flat().some(hasTimeout))) {
    found.push('time-outs and aborts come at any moment')
  }
  if (faults.some((fault) => 'forMs' in fault)) {
    found.push('nobody is stopped or gets signals: every schedule is as if some were slow')
  }
  return found
}

/** Translates a real program for the explorer, with the same planted bug. */
export function translate({ program, planted }: Replay, rounds: number): Explored {
  const parts = partsOf(program.objects)
  const tracks = tracksOf(program.agents)
  const segments: Segment[] = []
  const agents = program.agents.map((spec, agent) => {
    const all = segmentsOf(
      { ...spec, rounds: Math.min(spec.rounds, rounds) },
      tracks.findIndex((track) => track.agent === agent),
      parts,
      planted,
    ).map((segment, i) => ({ ...segment, name: `${agent}.${i}` }))
    segments.push(...all)
    return all.map(({ name }) => name)
  })
  const words = parts.reduce((sum, part) => sum + part.words, 0)
  const monitor = monitorOf(parts, tracks, WAIT_CODES, END_CODES)
  return {
    subject: { name: 'real', words, monitor, segments },
    agents,
    faults: { crashes: crashesOf(program.faults), spurious: 0 },
    endless: false,
  }
}

function crashesOf(faults: Program['faults']): number {
  return new Set(
    faults.flatMap(({ what, agent }) => (what === 'kill' || what === 'exit' ? [agent] : [])),
  ).size
}

function tracksOf(agents: readonly AgentSpec[]): TrackPlace[] {
  return agents.flatMap(({ tracks }, agent) =>
    tracks.map((_, i) => ({ agent, name: tracks.length === 1 ? `T${agent}` : `T${agent}.${i}` })),
  )
}

/** A thread that blocks is cut where an operation ends; an event loop is one piece. */
function segmentsOf(
  { tracks, rounds }: AgentSpec,
  firstTrack: number,
  parts: readonly Part[],
  planted: string | undefined,
): Omit<Segment, 'name'>[] {
  const objectsOf = opener(parts, planted)
  const isLoop = tracks.length > 1 || tracks[0]!.some((one) => 'form' in one && isAsync(one.form))
  if (isLoop) {
    const tasks = tracks.map((operations, i) => async (loop: Loop) => {
      const stage = { agent: loop.agent, loop, track: firstTrack + i, parts }
      const objects = objectsOf(loop.agent)
      for (let round = 0; round < rounds; round++) {
        // oxlint-disable-next-line no-await-in-loop -- one after another
        for (const operation of operations) await perform({ ...stage, objects }, operation)
      }
    })
    return [{ code: eventLoop(tasks) }]
  }
  const once = tracks[0]!
  const all = Array.from({ length: rounds }, () => once).flat()
  const pieces = all.length <= MOST_SEGMENTS ? once.map((operation) => [operation]) : [all]
  const codes = pieces.map((operations) => ({
    code: (agent: Agent) => {
      const stage = { agent, loop: null, track: firstTrack, parts, objects: objectsOf(agent) }
      for (const operation of operations) void perform(stage, operation)
    },
  }))
  // Each round is the same code, which the explorer then knows already.
  return all.length <= MOST_SEGMENTS ? Array.from({ length: rounds }, () => codes).flat() : codes
}

/** Opens the objects for one execution of an agent: each once, as in the real run. */
function opener(
  parts: readonly Part[],
  planted: string | undefined,
): (agent: Agent) => readonly Shared[] {
  const open = (agent: Agent): readonly Shared[] =>
    parts.map((part) => openPart(part, agent, planted))
  return (agent) => agent.once(open)
}

/**
 * How many asynchronous sleeps an agent may have at a time. A sleep that is given up may be over already;
 * then the agent hears of it later, beside the next one.
 */
function mostSleeps({ tracks }: AgentSpec, objects: readonly ObjectSpec[]): number {
  const awaited = tracks.map((track) => track.filter(isAwaited))
  return objects.reduce((sum, { kind }, object) => {
    const here = awaited.map((track) => track.filter((one) => one.object === object))
    if (!here.some((track) => track.length > 0)) return sum
    if (kind === 'rwlock') return sum + sleepsOfRWLock(here.flat())
    // The lock of a condition has a queue, too.
    if (kind === 'condition') return sum + sleepsOfCalls(here) + 1
    return sum + (kind === 'barrier' ? sleepsOfCalls(here) : 1)
  }, 0)
}

/** Each side has a queue; a writer goes from word to word. */
function sleepsOfRWLock(operations: readonly Operation[]): number {
  const reads = operations.some((one) => one.do === 'read')
  const writes = operations.some((one) => one.do === 'write')
  return (reads ? 1 : 0) + (writes ? 2 : 0)
}

/** Each call sleeps for itself. */
function sleepsOfCalls(tracks: readonly (readonly Operation[])[]): number {
  return tracks.reduce((sum, track) => {
    if (track.length === 0) return sum
    return sum + (track.some(hasTimeout) ? 2 : 1)
  }, 0)
}

function consumersOf({ tracks }: AgentSpec, object: number): number {
  const consumes = (one: Operation): boolean => one.do === 'consume' && one.object === object
  return tracks.filter((track) => track.some(consumes)).length
}

function isAwaited(operation: Operation): boolean {
  return 'form' in operation && isAsync(operation.form)
}

function hasTimeout(operation: Operation): boolean {
  return 'form' in operation && !/^(block|try|async)$/.test(operation.form.how)
}
