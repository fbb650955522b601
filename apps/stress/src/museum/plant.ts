import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { essenceOf, placesOf, type Essence } from './essence.ts'
import type { Change, Mutant } from './mutant.ts'

export const ROOT: string = fileURLToPath(new URL('../../../../', import.meta.url))

/** A mutant that does not fit the sources any more: to mend it, change its `from`. */
export class StaleMutant extends Error {
  override readonly name = 'StaleMutant'
}

interface Source {
  readonly path: string
  readonly text: string
  readonly essence: Essence
}

const SOURCE = /(?<!\.test|\.d)\.ts$/
const FIXTURES = /(^|\/)fixtures\//

/** Answers with each file that the mutant changes, by its absolute path, with the bug in it. */
export function plant(mutant: Mutant, root: string = ROOT): ReadonlyMap<string, string> {
  const changed = new Map<string, string>()
  for (const change of [mutant, ...(mutant.also ?? [])]) {
    const { path, text } = plantOne(mutant, change, sourcesIn(root, mutant.in, changed))
    changed.set(path, text)
  }
  return changed
}

function plantOne(
  mutant: Mutant,
  { from, to }: Change,
  sources: readonly Source[],
): { path: string; text: string } {
  const wanted = essenceOf(from)
  const places = sources.flatMap((source) =>
    placesOf(wanted, source.essence).map((place) => ({ source, place })),
  )
  const [only] = places
  if (only === undefined || places.length > 1) {
    const where = places.map(({ source }) => source.path).join(', ')
    const found = only === undefined ? 'nowhere' : `${places.length} times (${where})`
    throw new StaleMutant(
      `mutant ${mutant.name} needs its text exactly once in ${mutant.in}, and it stands ${found}: ${from.trim()}`,
    )
  }
  const { path, text } = only.source
  const [begin, end] = only.place
  return { path, text: text.slice(0, begin) + to.trim() + text.slice(end) }
}

const cache = new Map<string, readonly Source[]>()

/** Reads the sources from disk, except those that earlier changes of the same mutant have changed. */
function sourcesIn(root: string, where: string, changed: ReadonlyMap<string, string>): Source[] {
  const place = join(root, where)
  let sources = cache.get(place)
  if (sources === undefined) {
    sources = pathsIn(place).map((path) => sourceOf(path, readFileSync(path, 'utf8')))
    cache.set(place, sources)
  }
  return sources.map((source) => {
    const text = changed.get(source.path)
    return text === undefined ? source : sourceOf(source.path, text)
  })
}

function sourceOf(path: string, text: string): Source {
  return { path, text, essence: essenceOf(text) }
}

function pathsIn(place: string): string[] {
  if (statSync(place, { throwIfNoEntry: false })?.isFile() === true) return [place]
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((name) => SOURCE.test(name) && !FIXTURES.test(name))
    .toSorted()
    .map((name) => join(place, name))
}
