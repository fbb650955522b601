#!/usr/bin/env node
import { commandLine } from './arguments.ts'
import { complain } from './failure.ts'
import { program } from './program.ts'
import { leaveTerminal } from './terminal.ts'

async function main(): Promise<void> {
  const line = commandLine(process.argv.slice(2))
  await program(line).parseAsync(line.args, { from: 'user' })
}

void main()
  .catch((error: unknown) => {
    process.exitCode = complain(error)
  })
  .then(leaveTerminal)
