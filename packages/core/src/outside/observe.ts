/** A look at all objects and agents of the directory, from outside: nothing is opened or made. */
import type { Agents, RegisteredAgents } from '../agents/agents.ts'
import { AtomicMemory } from '../memory/atomic-memory.ts'
import { platform } from '#platform'
import type { FileInfo } from '@ipc/native'
import { lookAtDomain, type Domain } from '../agents/domain.ts'
import { callAddon, IpcError } from '../errors.ts'
import { NOBODY, type AgentId, type AgentInfo, type Memory } from '../memory/memory.ts'
import { idText, type NotedCommand, type NotedWait } from '../agents/notes.ts'
import type { Parking } from '../memory/parking.ts'

/** An agent as others see it. */
export interface SeenAgent extends AgentInfo {
  readonly agent: AgentId
  /** It died, but a process that inherited from it lives: what it holds is still held. */
  readonly livesInHeirs: boolean
  /** The command that it runs under what it holds, if it said so. */
  readonly command: NotedCommand | null
  readonly waits: readonly NotedWait[]
}

/** An object as it was when one looked. */
export interface SeenObject {
  readonly kind: string
  /** null for one without a name. */
  readonly name: string | null
  readonly file: string
  readonly id: string
  readonly options: readonly number[]
  readonly words: number
  /** The agents that have it open; parking threads are left out. */
  readonly users: readonly SeenAgent[]
  /** A copy of its words: `Lock.at(memory, 0).inspect()`. `describe` gives a SeenAgent. */
  readonly memory: Memory
}

export interface Seen {
  readonly objects: readonly SeenObject[]
  /** Every live agent. */
  readonly agents: readonly SeenAgent[]
}

/**
 * Reads what is there now. That is not one instant: others go on while it reads.
 * @throws IpcError ERR_IPC_UNSUPPORTED, ERR_IPC_UNSAFE_DIRECTORY
 */
export function observe(): Seen {
  const domain = lookAtDomain()
  if (domain === null) return { objects: [], agents: [] }
  const { native, index, agents } = domain
  const seen = new SeenAgents(agents)
  const objects = callAddon(() => native.list(index, true)).map((file): SeenObject => {
    const { kind, options, words } = file
    return {
      kind,
      name: file.anonymous ? null : file.file.slice(kind.length + 1),
      file: file.file,
      id: idText(file.id),
      options,
      words,
      users: file.openers.map((agent) => seen.info(agent)).filter(hasJavaScript),
      memory: new AtomicMemory(wordsOf(file, domain), seen, NO_PARKING),
    }
  })
  return {
    objects,
    agents: agents
      .living()
      .map((agent) => seen.info(agent))
      .filter(hasJavaScript),
  }
}

/** The addon copies the first words; of an object that has more, they are read from its file. */
function wordsOf({ file, words, data }: FileInfo, { native, directory }: Domain): Int32Array {
  const whole =
    (data?.length ?? 0) < words
      ? platform.readWords(`${directory}/${file}`, native.layout.data, words)
      : null
  return whole ?? Int32Array.from(data ?? [])
}

function hasJavaScript({ threadId }: AgentInfo): boolean {
  return threadId >= 0
}

/** Each agent once, however many objects name it. */
class SeenAgents implements Agents {
  readonly self = NOBODY
  readonly seesDeaths = true
  readonly #agents: RegisteredAgents
  readonly #seen = new Map<AgentId, SeenAgent>()

  constructor(agents: RegisteredAgents) {
    this.#agents = agents
  }

  isDead(agent: AgentId): boolean {
    return this.#agents.isDead(agent)
  }

  info(agent: AgentId): SeenAgent {
    let seen = this.#seen.get(agent)
    if (seen === undefined) this.#seen.set(agent, (seen = this.#look(agent)))
    return seen
  }

  #look(agent: AgentId): SeenAgent {
    const agents = this.#agents
    const info = agents.info(agent)
    const told = agents.told(agent)
    return {
      ...info,
      agent,
      livesInHeirs: info.alive && agents.livesInHeirs(agent),
      command: told?.command ?? null,
      waits: info.alive ? (told?.waits ?? []) : [],
    }
  }
}

function refuse(): never {
  throw new IpcError('ERR_IPC_UNSUPPORTED', 'wait for what was only looked at')
}

const NO_PARKING: Parking = { arm: refuse, park: refuse, parkAsync: refuse, unpark: refuse }
