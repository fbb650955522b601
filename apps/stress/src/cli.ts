#!/usr/bin/env node
import { COMMANDS, MAIN } from './commands/table.ts'
import { UsageError } from './usage.ts'

process.exitCode = await main(process.argv.slice(2))

/**
 * Exit codes: 0 means that all was done and held, 1 that something did not, 2 that the command line is wrong.
 */
async function main(argv: string[]): Promise<number> {
  try {
    const [first] = argv
    if (first === '--help' || first === '-h' || first === 'help') return await help()
    const isNamed = first !== undefined && !first.startsWith('-')
    const load = COMMANDS.get(isNamed ? first : MAIN)
    if (load === undefined) {
      throw new UsageError(
        `unknown command: ${first} (there are ${[...COMMANDS.keys()].join(', ')})`,
      )
    }
    const command = await load()
    return await command.run(isNamed ? argv.slice(1) : argv)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`stress: ${error.message}; see stress --help`)
    return 2
  }
}

async function help(): Promise<number> {
  const commands = await Promise.all(
    [...COMMANDS].map(async ([name, load]) => ({ name, summary: (await load()).summary })),
  )
  console.log('usage: stress [command] [options]\n')
  for (const { name, summary } of commands) console.log(`  ${name.padEnd(10)}${summary}`)
  console.log(`\nWithout a command: ${MAIN}. More about one: stress <command> --help`)
  return 0
}
