/** One side of a work between processes: side.js POST WORK KIND [name=value]... */
import process from 'node:process'
import { SharedMemory } from '@ipc/core'
import { parseOptions } from './options.ts'
import { Shared } from './shared.ts'
import type { Post } from './sides.ts'
import { works } from './works.ts'

const [post, ...rest] = process.argv.slice(2)
const { me, memory, where } = JSON.parse(post!) as Post
const options = parseOptions(rest)
const shared = new Shared(SharedMemory.from(memory).buffer)
await works[options.work]!.side({ me, where, options, shared })
process.exit(0)
