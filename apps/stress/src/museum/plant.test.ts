import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { SUBJECTS } from '../subjects/table.ts'
import { MUTANTS } from './all.ts'
import type { Mutant } from './mutant.ts'
import { plant, ROOT, StaleMutant } from './plant.ts'

const folders: string[] = []

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'stress-museum-'))
  folders.push(made)
  return made
}

afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true })
})

/** Answers with the mutants that `plant` refuses, each with the reason. */
function staleIn(root: string, mutants: readonly Mutant[]): string[] {
  return mutants.flatMap((mutant) => {
    try {
      plant(mutant, root)
      return []
    } catch (error) {
      if (error instanceof StaleMutant) return [error.message]
      throw error
    }
  })
}

test('the text of every mutant stands exactly once in the sources', () => {
  expect(staleIn(ROOT, MUTANTS)).toEqual([])
})

test('the museum has mutants of every primitive, each by its own name', () => {
  expect(new Set(MUTANTS.map(({ check }) => check))).toEqual(new Set(SUBJECTS.keys()))
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
})

/** A search would take a call of a missing function for the bug, so types are checked first. */
test('every mutant has the types that its package has', { timeout: 300_000 }, () => {
  const root = folder()
  const parts = new Map<string, string[]>()
  for (const mutant of MUTANTS) {
    for (const [path, text] of plant(mutant)) {
      const [part = '', file = ''] = relative(ROOT, path).split('/src/')
      const beside = join(root, part, 'src', file.replace(/\.ts$/, `.${mutant.name}.ts`))
      if (!parts.has(part)) {
        parts.set(part, [])
        copyPart(part, root)
      }
      writeFileSync(beside, text)
      parts.get(part)!.push(beside)
    }
  }
  for (const [part, files] of parts) expect(typeErrors(join(root, part), files)).toBe('')
})

function copyPart(part: string, root: string): void {
  cpSync(join(ROOT, part, 'src'), join(root, part, 'src'), { recursive: true })
  cpSync(join(ROOT, part, 'package.json'), join(root, part, 'package.json'))
  symlinkSync(join(ROOT, part, 'node_modules'), join(root, part, 'node_modules'))
}

function typeErrors(part: string, files: readonly string[]): string {
  const config = {
    extends: join(ROOT, 'tooling/tsconfig/base.json'),
    compilerOptions: {
      noEmit: true,
      composite: false,
      isolatedDeclarations: false,
      rootDir: 'src',
      outDir: 'dist',
      typeRoots: [join(ROOT, 'node_modules/@types')],
    },
    files,
  }
  const path = join(part, 'tsconfig.json')
  writeFileSync(path, JSON.stringify(config))
  try {
    execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', path], { encoding: 'utf8' })
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

test('code that moves to another file of its package takes its mutants along', () => {
  const root = folder()
  const where = 'packages/lock/src'
  cpSync(join(ROOT, where), join(root, where), { recursive: true })
  const file = join(root, where, 'lock.ts')
  const text = readFileSync(file, 'utf8')
  const cut = text.indexOf('\n  #mayTake(')
  const end = text.indexOf('\n  }\n', cut) + '\n  }\n'.length
  expect(cut).toBeGreaterThan(0)
  writeFileSync(file, text.slice(0, cut) + text.slice(end))
  writeFileSync(join(root, where, 'may-take.ts'), text.slice(cut, end))

  const mutants = MUTANTS.filter((mutant) => mutant.in === where)
  expect(staleIn(root, mutants)).toEqual([])
  const moved = mutants.filter((one) => plant(one, root).has(join(root, where, 'may-take.ts')))
  expect(moved.map(({ name }) => name)).toContain('lock-death-not-seen')
})

const ONE: Mutant = {
  name: 'one',
  what: 'It counts down.',
  check: 'event',
  in: 'src',
  from: 'count( // by one\n 1)',
  to: 'count(-1)',
}

test('plant() changes the one place, whatever its lines, comments and trailing commas', () => {
  const planted = plant(ONE, tree({ 'a.ts': `a()\ncount(\n  1, // up\n)\nb()\n` }))
  expect([...planted.values()]).toEqual([`a()\ncount(-1)\nb()\n`])
})

test.each([
  ['nowhere', `count(2)`, 'one needs its text exactly once in src, and it stands nowhere: count('],
  ['twice', `count(1)\ncount(1)`, 'it stands 2 times'],
  ['nowhere but in a comment', `// count(1)`, 'it stands nowhere'],
])('plant() refuses a mutant whose text stands %s', (_, text, message) => {
  const root = tree({ 'a.ts': text, 'a.test.ts': 'count(1)', 'fixtures/b.ts': 'count(1)' })
  expect(() => plant(ONE, root)).toThrow(message)
  expect(() => plant(ONE, root)).toThrow(StaleMutant)
})

test('plant() makes all changes of a mutant, in one file and in several', () => {
  const root = tree({ 'a.ts': `count(1)\ntwo\n`, 'b.ts': `three\n` })
  const also = [
    { from: 'two', to: '2' },
    { from: 'three', to: '3' },
  ]
  const planted = plant({ ...ONE, also }, root)
  expect([...planted.values()]).toEqual([`count(-1)\n2\n`, `3\n`])
})

function tree(files: Readonly<Record<string, string>>): string {
  const root = folder()
  mkdirSync(join(root, 'src/fixtures'), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, 'src', name), text)
  return root
}
