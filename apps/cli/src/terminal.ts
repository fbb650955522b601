import { closeSync, fstatSync } from 'node:fs'

/**
 * At its end Node gives a terminal back the modes that it had when Node started, also from the
 * background, under an editor that has set others since. Of a closed descriptor it keeps away.
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
