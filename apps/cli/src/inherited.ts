/**
 * The descriptors that ipc was given. At its start Node.js makes them close-on-exec, and they would be
 * lost in the command: make's jobserver, the sockets of socket activation, `3>file`.
 *
 * No list of them is left by then, so they are told from those that Node.js opened itself. It opens
 * two kinds, both after its start: anonymous ones (eventpoll, eventfd, io_uring), and pipes of
 * which it has both ends. So these were given:
 *
 *   - whatever has a number below that of the first anonymous one: new descriptors get the lowest
 *     number that is free, so nothing below was free;
 *   - above that, whatever is of another kind: files, directories, sockets, terminals, named pipes;
 *   - a pipe of which there is one end;
 *   - a pipe with both ends that is older than this process, or that the parent has, too.
 *
 * What cannot be told is lost: an anonymous one above the first, and a pipe with both ends that the
 * parent does not have, and that was read from and written to since.
 */
import { fstatSync, readdirSync, readlinkSync } from 'node:fs'

export interface Descriptor {
  readonly number: number
  /** As /proc has it: `/etc/passwd`, `pipe:[4711]`, `socket:[4712]`, `anon_inode:[eventpoll]`. */
  readonly link: string
}

/** The kernel's time of files may be so much behind, and the first pipe comes later by as much. */
const CLOCK_SLACK_MS = 20

/** To be asked before ipc opens anything itself. */
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
      // that of the folder itself, closed by now
    }
  }
  return found.toSorted((a, b) => a.number - b.number)
}

/** Asked at most once, and only for a pipe that nothing else can tell. */
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

/** Not performance.timeOrigin, which costs 3 ms when it is first looked at. */
function startOfNode(): number {
  return Date.now() - process.uptime() * 1000
}

/** Reading changes one of a pipe's times, writing the two others. */
function isOlderThanNode(number: number): boolean {
  const { atimeMs, mtimeMs, ctimeMs } = fstatSync(number)
  return Math.min(atimeMs, mtimeMs, ctimeMs) < startOfNode() - CLOCK_SLACK_MS
}
