/** Node's own handler for `breakOnSigint` comes between ours and the kernel, and goes again. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('../fixtures/breaks-on-sigint.mjs', import.meta.url))
const index = import.meta.resolve('@ipc/signals')

/** The output of a process, and how it ends; each line is written when it prompts for one. */
function run(
  argv: readonly string[],
  lines: readonly string[] = [],
): Promise<[text: string, ended: string | number | null]> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] })
    const left = [...lines]
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.endsWith('> ') && left.length > 0) child.stdin.write(`${left.shift()}\n`)
    })
    child.on('close', (code, signal) => resolve([text, signal ?? code]))
  })
}

test.each([
  ['handler', 'ours', [], ['ours', 'ours']],
  ['throws', 'ours', [], ['of the script', 'ours', 'ours']],
  ['nested', 'ours', [], ['ERR_SCRIPT_EXECUTION_INTERRUPTED', 'ours', 'ours']],
  ['listener and handler', 'ours', [], ['listener', 'listener', 'ours', 'ours']],
  ['ignored', 'Symbol(@ipc/signals.SIG_IGN)', [], []],
  ['blocked', 'Symbol(@ipc/signals.SIG_NODE)', ['SIGINT'], []],
])('vm with breakOnSigint, and then a SIGINT: %s', async (before, says, pending, seen) => {
  const [text, ended] = await run([program, before])
  expect([text === '' ? text : JSON.parse(text), ended]).toEqual([
    { says: { [before]: says }, pending, seen },
    0,
  ])
})

test('a handler outlives the lines of a REPL', async () => {
  const [text, ended] = await run(
    ['-i'],
    [
      `const signals = await import('${index}')`,
      `signals.signal('SIGINT', (name) => console.log('handled ' + name))`,
      // Between lines: while one runs, Node's own handler has the signal, and getSignal() says so.
      `void setTimeout(() => console.log('it is a ' + typeof signals.getSignal('SIGINT')), 250)`,
      `void setTimeout(() => process.kill(process.pid, 'SIGINT'), 500)`,
      `void setTimeout(() => process.exit(3), 1000)`,
    ],
  )
  expect(text).toContain('handled SIGINT')
  expect(text).toContain('it is a function')
  expect(ended).toBe(3)
})
