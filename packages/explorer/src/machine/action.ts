/** The kinds of actions that can happen next. */
export const Act = {
  /** The agent's next operation. */
  STEP: 0,
  /** Its time is over. */
  TIME_OUT: 1,
  /** Its sleep ends for no reason. */
  SPURIOUS: 2,
  CRASH: 3,
  /** The signal of one of its waiting calls is aborted. */
  ABORT: 4,
} as const

/** An action names the agent, the act, and which of several outcomes: agent + act × 16 + outcome × 128. */
export type Action = number

export const MAX_AGENTS = 15

export const agentOf = (action: Action): number => action & 15
export const actOf = (action: Action): number => (action >> 4) & 7
export const outcomeOf = (action: Action): number => action >> 7
export const actionOf = (agent: number, act: number, outcome = 0): Action =>
  agent | (act << 4) | (outcome << 7)
