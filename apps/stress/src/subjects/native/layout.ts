/**
 * The words of the native side, as far as they are modelled: a registry of a few slots, and one object file
 * with a few openers (ipc.h). After them come the object's data, and the words that a process has beside it
 * (process.ts).
 */

/** Slot 0 is nobody, as in C; there are fewer slots than there, so that they are used again. */
export const SLOTS = 5
export const OPENERS = 6

const NEXT_SLOT = 0
const FIRST_SLOT = 1

const LIVENESS = 0
const GENERATION = 1
const NUDGE = 2
const SLOT_WORDS = 3

const PLACES = FIRST_SLOT + SLOTS * SLOT_WORDS
const ROSTER = PLACES + 1
const FIRST_PLACE = ROSTER + 1

export const nextSlot: number = NEXT_SLOT
export const livenessOf = (slot: number): number => FIRST_SLOT + slot * SLOT_WORDS + LIVENESS
export const generationOf = (slot: number): number => FIRST_SLOT + slot * SLOT_WORDS + GENERATION
export const nudgeOf = (slot: number): number => FIRST_SLOT + slot * SLOT_WORDS + NUDGE

export const places: number = PLACES
export const roster: number = ROSTER
export const place = (i: number): number => FIRST_PLACE + i

export const DATA: number = FIRST_PLACE + OPENERS

/** The kernel's words. */
export const ROBUST: readonly number[] = Array.from({ length: SLOTS - 1 }, (_, i) =>
  livenessOf(i + 1),
)

/** Names of the words before DATA, for timelines. */
export const NAMES: readonly string[] = [
  'nextSlot',
  ...Array.from({ length: SLOTS }, (_, slot) => [
    `alive${slot}`,
    `generation${slot}`,
    `nudge${slot}`,
  ]).flat(),
  'places',
  'roster',
  ...Array.from({ length: OPENERS }, (_, i) => `opener${i}`),
]

/** These model ipc_agent_slot and ipc_agent_of. */
const GENERATION_BITS = 18
const GENERATION_MASK = (1 << GENERATION_BITS) - 1
export const slotOf = (agent: number): number => (agent >>> GENERATION_BITS) & 0xfff
export const agentOf = (slot: number, generation: number): number =>
  (slot << GENERATION_BITS) | ((generation >>> 1) & GENERATION_MASK)
