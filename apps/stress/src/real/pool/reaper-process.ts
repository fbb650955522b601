/**
 * Ends the processes that the harness leaves behind when it is killed itself: agents may be blocked forever,
 * and then they do not notice. Its input says `+pid` and `-pid`; its end is the end of the harness.
 */
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

const pids = new Set<number>()
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1))
  if (line.startsWith('+')) pids.add(pid)
  else pids.delete(pid)
}
for (const pid of pids) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
rmSync(process.argv[2]!, { recursive: true, force: true })
