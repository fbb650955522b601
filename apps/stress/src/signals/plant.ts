/** Imported before everything else: modules keep the addon that they have found first. */
import { plantInAddon } from './planted.ts'

const [, , planted] = JSON.parse(process.argv[2]!) as [unknown, unknown, string | null]
if (planted !== null) plantInAddon(planted)
