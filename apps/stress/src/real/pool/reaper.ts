import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Member } from './member.ts'

const ENTRY = fileURLToPath(new URL('../../../dist/real/pool/reaper-process.js', import.meta.url))

/**
 * The reaper is told of every process that is started, so that none outlives the harness, however that ends.
 */
export class Reaper {
  readonly #input: Socket

  /** Makes the reaper remove the directory, too. */
  constructor(directory: string) {
    const child = spawn(process.execPath, [ENTRY, directory], {
      detached: true, // Ctrl-C is not for it
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    this.#input = child.stdin as Socket
    this.#input.on('error', () => {}) // the reaper was killed: then nobody reaps
    this.#input.unref()
    child.unref()
  }

  async watch({ pid, exited }: Pick<Member, 'pid' | 'exited'>): Promise<void> {
    if (pid === null) return
    this.#input.write(`+${pid}\n`)
    await exited
    this.#input.write(`-${pid}\n`)
  }

  end(): void {
    this.#input.end()
  }
}
