#!/usr/bin/env node
import { complain } from './failure.ts'
import { program } from './program.ts'
import { plain } from './arguments.ts'

try {
  await program().parseAsync(plain(process.argv.slice(2)), { from: 'user' })
} catch (error) {
  process.exitCode = complain(error)
}
