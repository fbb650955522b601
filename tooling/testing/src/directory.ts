import { chmodSync, existsSync, mkdtempSync, rmSync, closeSync, openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryDirectory {
  readonly path: string
  /** Removes it with all that is in it, and gives IPC_DIR its former value. */
  remove(): void
}

/**
 * Makes a directory for named objects that nobody else uses: IPC_DIR names it until it is removed, here
 * and in the contenders that are started meanwhile. It is in memory where there is /dev/shm.
 */
export function temporaryDirectory(): TemporaryDirectory {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const path = mkdtempSync(join(parent, 'ipc-test-'))
  chmodSync(path, 0o700)
  const before = process.env['IPC_DIR']
  process.env['IPC_DIR'] = path
  return {
    path,
    remove() {
      if (before === undefined) delete process.env['IPC_DIR']
      else process.env['IPC_DIR'] = before
      rmSync(path, { recursive: true, force: true })
    },
  }
}

let names = 0

/** Makes a name that no other test uses. */
export function uniqueName(prefix = 'test'): string {
  return `${prefix}-${process.pid}-${++names}`
}

/** The word of a file's header at which the options of its object begin: IPC_WORD_OPTIONS of ipc.h. */
const OPTIONS = 10

/** Does what a stray write does to an object at rest: changes one of its four options. */
export function overwriteOption(file: string, option: number, value: number): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Int32Array.of(value), 0, 4, (OPTIONS + option) * 4)
  closeSync(descriptor)
}
