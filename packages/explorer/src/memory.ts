/** The engine needs from @ipc/core the type of the seam that it simulates, and nothing that runs. */
export type { AgentInfo } from '@ipc/core'
export type { AgentId, Memory, ParkResult, Ticket, Wake, Watch } from '@ipc/core/author'
