/** This module is imported before everything else, as modules keep the addon that they have found first. */
import { plantInAddon } from './planted.ts'
import type { Part } from './protocol.ts'

type Argument = readonly [handle: unknown, role: Part['is'], planted: string | null]

/** The argument with which the harness started this process. */
export const argument: Argument = JSON.parse(process.argv[2]!) as Argument

const [, , planted] = argument
if (planted !== null) plantInAddon(planted)
