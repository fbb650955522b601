import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const SOURCES = new URL('../../../../../packages/native/c/', import.meta.url)

/**
 * The C functions that are modelled here, as they were when the model was last compared with them. When one
 * changes, this test fails: change the model likewise, check what `stress check native` says, and put the new
 * digest here.
 */
const MODELLED = {
  'agents/agent.c': {
    certify: 'da017baa6436',
    ipc_agent_is_dead: 'b3de7746b2f3',
    nudge_all: '4db4b082a33d',
    claim_slot: 'd06592ad0d7c',
    claim_any: '38e544ba4318',
    ipc_agent_leave: '1703ffd4b322',
  },
  'os/robust.c': {
    ipc_robust_trylock: 'b57c7b7ef907',
  },
  'files/watch.c': {
    raise_places: 'f9f5e58ea395',
    ipc_nudge_openers: 'bf23a9e5144d',
    replace_dead: '25c0ed8e720b',
    ipc_join: '35fd181142e7',
    ipc_leave: '902f28d5bc41',
    arm_liveness: 'e1a7cb38757f',
    ipc_watch_collect: 'bba831f29961',
  },
  'sleep/park.c': {
    make_list: '5c248b8853d5',
    ipc_pass_on_deaths: '0dc03ca67fff',
    see_death: '694c43ffd22c',
    what_changed: 'ebcfed581f4a',
    ipc_park: 'bcf06ba2a465',
  },
  'sleep/tickets.c': {
    ipc_ticket: 'ccdc06e17074',
    cancel: '547dd58a4f20',
    ipc_parkers_forget: '3265ed4152bd',
  },
  'sleep/sink.c': {
    ipc_sink_ring: '9b962f11cf41',
    ipc_sink_take: '7f999646a978',
    ipc_sink_close: '743e52d7b4ce',
  },
  'sleep/parker.c': {
    tell_progress: '91ddb069223c',
    ipc_parker_await: '34238e0e87f0',
    is_watched: '2d49ab46225a',
    add_watched: 'd739ba21a755',
    mapping_was_seen: 'ed4b85f68e94',
    make_list: 'ae48dc8740fd',
    waiting_on: 'cfe3d7d6ecb7',
    pass_on: 'bbea3e192e8d',
    remove_finished: 'ea1f6827378f',
    look_at_tickets: '0607ae751417',
    be_idle: '1359f86e47c1',
    turn: 'f067ace186ac',
    ipc_parker_call: 'c1ce927b4833',
  },
}

/** Answers with the digest of a function without its comments and line breaks. */
function digestOf(source: string, name: string): string {
  const found = new RegExp(`^[a-z][^\\n;]*\\b${name}\\([^;{]*\\) \\{\\n.*?^\\}`, 'ms').exec(source)
  if (found === null) return 'there is no such function'
  const plain = found[0].replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/\s+/g, ' ')
  return createHash('sha256').update(plain).digest('hex').slice(0, 12)
}

test.each(Object.entries(MODELLED))('the model is of %s as it is', (file, functions) => {
  const source = readFileSync(new URL(file, SOURCES), 'utf8')
  const digests = Object.keys(functions).map((name) => [name, digestOf(source, name)])
  expect(Object.fromEntries(digests)).toEqual(functions)
})
