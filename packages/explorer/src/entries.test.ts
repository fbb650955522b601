import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const IMPORT = /^(?:import|export)\b[^']*?\bfrom '([^']+)'|^import '([^']+)'/gm

/** Finds all imports that are no files of ours, in a built module and in the files that it imports. */
function outsideOf(file: URL, seen: Set<string> = new Set()): string[] {
  if (seen.has(file.href)) return []
  seen.add(file.href)
  const imports = [...readFileSync(fileURLToPath(file), 'utf8').matchAll(IMPORT)]
  return imports.flatMap(([, from, alone]) => {
    const name = from ?? alone!
    return name.startsWith('.') ? outsideOf(new URL(name, file), seen) : [name]
  })
}

const built = (name: string): URL => new URL(`../dist/${name}.js`, import.meta.url)

test('the main entry imports nothing, so that it works in a page', () => {
  expect(outsideOf(built('index'))).toEqual([])
})

test('event loops need one module of Node', () => {
  expect(outsideOf(built('event-loops'))).toEqual(['node:v8'])
})
