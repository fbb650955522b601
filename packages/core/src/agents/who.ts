import type { AgentInfo } from '../memory/memory.ts'

/** An agent as messages name it: `pid 7, thread 0`, or `pid 7 of another namespace, thread 0`. */
export function describeWho({ pid, threadId, foreign }: AgentInfo): string {
  if (pid === 0) return 'a thread of which nobody knows any more'
  return `pid ${pid}${foreign ? ' of another namespace' : ''}, thread ${threadId}`
}
