import type { ParkResult, Ticket, Wake, Watch } from './memory.ts'
import type { NoteId } from '../agents/notes.ts'

/** How threads sleep on words: the part of `Memory` in which the scopes differ. */
export interface Parking {
  arm(): Watch
  park(index: number, expected: number, deadline: number, watch: Watch): ParkResult
  parkAsync(index: number, expected: number, watch: Watch, wake: Wake, hasLooked: boolean): Ticket
  unpark(index: number, count: number): number
  passOnDeaths?(): void
  noteWait?(index: number, blocked: boolean): NoteId
  endNote?(note: NoteId): void
}
