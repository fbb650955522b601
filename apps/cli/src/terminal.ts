import { closeSync, fstatSync } from 'node:fs'

/**
 * At its end Node gives a terminal the modes back that the terminal had when Node started, also from
 * the background, under an editor that has set others since. Node leaves a closed descriptor alone.
 */
export function leaveTerminal(): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      if (fstatSync(descriptor).isCharacterDevice()) closeSync(descriptor)
    } catch {
      // it was never open
    }
  }
}
