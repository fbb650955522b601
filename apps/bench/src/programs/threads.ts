/** contend between workers: threads.js contend KIND [cpus=0,1] [ms=200] [n=2]; one line of JSON. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import process from 'node:process'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { threadKinds } from '../kinds/threads.ts'
import { contendBlocking, count } from './contend.ts'
import { parseOptions } from './options.ts'
import { BYTES, Shared } from './shared.ts'

interface Post {
  readonly made: unknown
  readonly buffer: SharedArrayBuffer
  readonly me: number
}

const { kind: name, cpus, n, ms } = parseOptions(process.argv.slice(2))
const kind = threadKinds[name]!
if (isMainThread) await lead()
else await side(workerData as Post)

async function lead(): Promise<void> {
  const made = kind.make()
  const buffer = new SharedArrayBuffer(BYTES)
  const shared = new Shared(buffer)
  const workers = Array.from({ length: n }, (_, me) => {
    const post: Post = { made, buffer, me }
    return new Worker(new URL(import.meta.url), { workerData: post, argv: process.argv.slice(2) })
  })
  await shared.go(n)
  const end = (): Promise<unknown> => Promise.all(workers.map((worker) => once(worker, 'exit')))
  console.log(JSON.stringify(await count(shared, n, ms, end)))
}

async function side({ made, buffer, me }: Post): Promise<void> {
  if (cpus.length > 0) pinThread(cpus[me % cpus.length]!)
  const shared = new Shared(buffer)
  const lock = await kind.open(made)
  const body = (): void => shared.criticalSection(me)
  await shared.ready()
  contendBlocking(shared, me, lock, body)
}

/** Pins the calling thread alone. */
function pinThread(cpu: number): void {
  const thread = readlinkSync('/proc/thread-self').split('/').at(-1)!
  execFileSync('taskset', ['-pc', String(cpu), thread], { stdio: 'ignore' })
}
