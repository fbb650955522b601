/**
 * Leads one work between processes or threads, by one kind of lock: main.js WORK KIND [cpus=0,1]
 * [ms=200] [rounds=1000] [n=2]. Prints one line of JSON, as the rivals in C and Python do.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { SharedMemory } from '@ipc/core'
import { parseOptions } from './options.ts'
import { BYTES, Shared } from './shared.ts'
import { startSide } from './sides.ts'
import { works } from './works.ts'

const options = parseOptions(process.argv.slice(2))
const directory = mkdtempSync(join(tmpdir(), 'ipc-bench-'))
process.env['IPC_DIR'] ??= join(directory, 'objects')
const where = join(directory, `run-${process.pid}`)
const memory = SharedMemory.create({ byteLength: BYTES })
const sides: ChildProcess[] = []
try {
  const result = await works[options.work]!.lead({
    options,
    shared: new Shared(memory.buffer),
    start(me) {
      const side = startSide(options, { me, memory: memory.handle, where })
      side.once('exit', (code) => {
        if (code) fail()
      })
      sides.push(side)
      return side
    },
  })
  console.log(JSON.stringify(result))
} finally {
  memory.close()
  cleanUp()
}

/** A side that cannot go on has said why; the others would wait for it forever. */
function fail(): never {
  for (const side of sides) side.kill('SIGKILL')
  cleanUp()
  process.exit(1)
}

function cleanUp(): void {
  rmSync(directory, { recursive: true, force: true })
}
