/** What the engine needs of @ipc/core: the type of the seam that it simulates, and nothing that runs. */
export type { AgentId, AgentInfo, Memory, ParkResult, Ticket, Wake, Watch } from '@ipc/core'
