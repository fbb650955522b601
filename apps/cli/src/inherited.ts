/**
 * The descriptors that ipc was given. At its start Node.js makes them close-on-exec, and they would be
 * lost in the command: make's jobserver, the sockets of socket activation, `3>file`.
 *
 * No list of them is left by then, so ipc tells them from those that Node.js opened itself. Node.js
 * opens two kinds, both after its start: anonymous ones (eventpoll, eventfd, io_uring), and pipes of
 * which it has both ends. So these were given:
 *
 *   - all that have a number below that of the first anonymous one: new descriptors get the lowest
 *     number that is free, so nothing below was free;
 *   - above that, all of other kinds: files, directories, sockets, terminals, named pipes;
 *   - a pipe of which there is one end;
 *   - a pipe with both ends that is older than this process, or that the parent has, too.
 *
 * Two kinds cannot be told from those of Node.js, and are lost: an anonymous one above the first, and a
 * pipe with both ends that the parent does not have, and that was read from and written to since.
 */
import { fstatSync, readdirSync, readlinkSync } from 'node:fs'

export interface Descriptor {
  readonly number: number
  /** Its link in /proc: `/etc/passwd`, `pipe:[4711]`, `socket:[4712]`, `anon_inode:[eventpoll]`. */
  readonly link: string
}

/** The kernel's time of files may lag by this much, and Node.js opens its first pipe later by as much. */
const CLOCK_SLACK_MS = 20

/** Must be called before ipc opens anything itself. */
export function inheritedDescriptors(): readonly number[] {
  return given(descriptorsOf('self'), {
    isOlder: (number) => isOlderThanNode(number),
    parentHas: parentsLinks(),
  })
}

interface Pipes {
  isOlder(number: number): boolean
  parentHas(link: string): boolean
}

export function given(all: readonly Descriptor[], pipes: Pipes): readonly number[] {
  const first = Math.min(...all.filter(isAnonymous).map(({ number }) => number))
  const isGiven = (one: Descriptor): boolean => {
    if (one.number < first) return true
    if (isAnonymous(one)) return false
    const ends = one.link.startsWith('pipe:') ? all.filter(({ link }) => link === one.link) : []
    if (ends.length < 2) return true
    return pipes.isOlder(one.number) || pipes.parentHas(one.link)
  }
  return all.filter(isGiven).map(({ number }) => number)
}

function isAnonymous({ link }: Descriptor): boolean {
  return /^anon_inode:\[?(?:eventpoll|eventfd|io_uring)\]?$/.test(link)
}

function descriptorsOf(pid: number | 'self'): readonly Descriptor[] {
  const folder = `/proc/${pid}/fd`
  const found: Descriptor[] = []
  for (const name of readdirSync(folder)) {
    try {
      found.push({ number: Number(name), link: readlinkSync(`${folder}/${name}`) })
    } catch {
      // this was the descriptor of the folder itself, which is closed by now
    }
  }
  return found.toSorted((a, b) => a.number - b.number)
}

/** Reads the links of the parent, at most once, and only for a pipe that nothing else can tell. */
function parentsLinks(): (link: string) => boolean {
  let links: Set<string> | undefined
  return (link) => {
    try {
      links ??= new Set(descriptorsOf(process.ppid).map((one) => one.link))
    } catch {
      links = new Set() // it has ended, or is another user's
    }
    return links.has(link)
  }
}

/** Does not use performance.timeOrigin, which costs 3 ms when it is first read. */
function startOfNode(): number {
  return Date.now() - process.uptime() * 1000
}

/** A read changes one of a pipe's times and a write the two others, so the oldest of the three counts. */
function isOlderThanNode(number: number): boolean {
  const { atimeMs, mtimeMs, ctimeMs } = fstatSync(number)
  return Math.min(atimeMs, mtimeMs, ctimeMs) < startOfNode() - CLOCK_SLACK_MS
}
