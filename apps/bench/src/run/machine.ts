import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Cpus } from '../rows/rows.ts'

const RIVALS = fileURLToPath(new URL('../../rivals/', import.meta.url))

/** The programs that this machine can run besides Node. */
export interface Machine {
  /** The machine in words, for people. */
  readonly description: string
  readonly cpus: Cpus
  /** The compiled rival, or why there is none. */
  readonly c: { readonly program: string } | { readonly reason: string }
  /** How Python runs its rival, or why it does not. */
  readonly python: { readonly script: string } | { readonly reason: string }
  close(): void
}

export function lookAtMachine(): Machine {
  const directory = mkdtempSync(join(tmpdir(), 'ipc-bench-c-'))
  const [model] = cpus()
  const allowed = allowedCpus()
  return {
    description: [
      `${process.platform} ${release()} ${process.arch}`,
      `${allowed.length} CPUs (${model?.model.trim() ?? 'unknown'})`,
      `Node ${process.versions.node}`,
    ].join(', '),
    cpus: canPin()
      ? { apart: allowed.slice(0, 2), together: allowed.slice(0, 1) }
      : { apart: [], together: [] },
    c: compile(join(directory, 'rival')),
    python: works('python3', ['-c', 'import multiprocessing.synchronize'])
      ? { script: join(RIVALS, 'rival.py') }
      : { reason: 'no python3 with multiprocessing' },
    close: () => rmSync(directory, { recursive: true }),
  }
}

function compile(program: string): Machine['c'] {
  const compiler = process.env['CC'] ?? 'cc'
  const sources = readdirSync(RIVALS)
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(RIVALS, name))
  const { error, status, stderr } = spawnSync(
    compiler,
    ['-O2', '-pthread', '-o', program, ...sources],
    { encoding: 'utf8' },
  )
  if (error !== undefined) return { reason: `no C compiler (${compiler})` }
  return status === 0 ? { program } : { reason: `${compiler}: ${stderr.split('\n')[0]}` }
}

function canPin(): boolean {
  return process.platform === 'linux' && works('taskset', ['-c', '0', 'true'])
}

function works(command: string, options: readonly string[]): boolean {
  return spawnSync(command, options, { stdio: 'ignore' }).status === 0
}

function allowedCpus(): number[] {
  try {
    const [, list] = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))!
    return list!.split(',').flatMap((part) => {
      const [first, last = first] = part.split('-').map(Number) as [number, number?]
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
  } catch {
    return cpus().map((_, i) => i)
  }
}
