/** The exit statuses that `ipc help` lists. */
export const DONE = 0
/** `run`: not acquired in time. `wait`: not set in time. `kill`, `rm`: not done for one of them. */
export const NOT_DONE = 1
/** The command line is wrong, or the object cannot be used. */
export const UNUSABLE = 2
/** The three statuses below are those of shells. */
export const CANNOT_RUN = 126
export const NOT_FOUND = 127
export const BY_SIGNAL = 128
