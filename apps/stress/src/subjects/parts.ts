import { type Agent, eventLoop, type Loop, type Segment } from '@ipc/explorer/engine'

/** Segments of threads that block, each of which opens what is explored anew. */
export function threadsOver<T>(
  open: (agent: Agent) => T,
): (name: string, body: (agent: Agent, object: T) => void) => Segment {
  return (name, body) => ({ name, code: (agent) => body(agent, open(agent)) })
}

/** Segments that are event loops: tasks of one agent, through one object. */
export function loopsOver<T extends object>(
  open: (agent: Agent) => T,
): (name: string, ...tasks: readonly ((object: T, loop: Loop) => Promise<void>)[]) => Segment {
  return (name, ...tasks) => ({
    name,
    code: eventLoop(tasks.map((task) => (loop) => task(loop.agent.once(open), loop))),
  })
}
