/** These laws must hold for everything that has one owner at a time. */
import type { Monitor, View } from '@ipc/explorer/engine'
import { showAgents } from './show.ts'

/** The codes that agents tell the monitor. */
export const ACQUIRED = 1
export const RELEASES = 2
export const RELEASED = 3
export const ACQUIRES = 4
export const GAVE_UP = 5

const HOLDER = 0
const IS_RELEASING = 1
/** How many calls of each agent are in the middle of taking it: eight bits each. */
const ACQUIRING = 2

/** Words that name nobody. */
const COUNTS: ReadonlySet<string> = new Set(['deaths', 'depth'])

/** There is one owner at a time, and it is told of an abandonment exactly if the last owner died. */
export function exclusion(wordNames: readonly string[]): Monitor {
  return {
    words: 3,

    tell(view, agent, code, value) {
      const holder = view.get(HOLDER) - 1
      switch (code) {
        case ACQUIRED: {
          const isReleasing = view.get(IS_RELEASING) !== 0
          const isAbandoned = holder >= 0 && view.isDead(holder)
          view.set(HOLDER, agent + 1)
          view.set(IS_RELEASING, 0)
          view.set(ACQUIRING, view.get(ACQUIRING) - (1 << (8 * agent)))
          if (holder >= 0 && !isAbandoned && !isReleasing) {
            return `mutual exclusion: T${agent} has the lock while T${holder} has it`
          }
          if (isReleasing) return undefined // if it died meanwhile, either is right
          if (isAbandoned && value === 0) return `T${agent} is not told that T${holder} died`
          if (!isAbandoned && value === 1 && !diedTakingIt(view)) {
            return `T${agent} is told that the owner died; none did`
          }
          return undefined
        }
        case RELEASES:
          view.set(IS_RELEASING, 1)
          return undefined
        case ACQUIRES:
          view.set(ACQUIRING, view.get(ACQUIRING) + (1 << (8 * agent)))
          return undefined
        case GAVE_UP:
          view.set(ACQUIRING, view.get(ACQUIRING) - (1 << (8 * agent)))
          return undefined
        default:
          if (holder === agent) {
            view.set(HOLDER, 0)
            view.set(IS_RELEASING, 0)
          }
          return undefined
      }
    },

    maySleep: (view) => isHeld(view),

    wordNames,
    show: (index, value) => (COUNTS.has(wordNames[index]!) ? String(value) : showAgents(value)),
  }
}

/** Whether somebody holds it who is not dead and has not ended without releasing it. */
function isHeld(view: View): boolean {
  const holder = view.get(HOLDER) - 1
  return holder >= 0 && !view.isDead(holder) && !view.isFinished(holder)
}

/**
 * Whether somebody may have died as the owner before it knew that. One such death explains one abandonment.
 */
function diedTakingIt(view: View): boolean {
  const acquiring = view.get(ACQUIRING)
  for (let agent = 0; agent < view.agents; agent++) {
    if (((acquiring >> (8 * agent)) & 255) === 0 || !view.isDead(agent)) continue
    view.set(ACQUIRING, acquiring - (1 << (8 * agent)))
    return true
  }
  return false
}
