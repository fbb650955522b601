import { expect, test } from 'vitest'
import { absolute, type Contestant, NS, relative, type Row } from '../rows/row.ts'
import { allRows, QUICK } from '../rows/rows.ts'
import { toJson } from '../report/json.ts'
import { runContestant } from './contestant.ts'
import { lookAtMachine, type Machine } from './machine.ts'
import { runRows } from './run.ts'

const machine = lookAtMachine()
const bare: Machine = { ...machine, c: { reason: 'none' }, python: { reason: 'none' } }
const rows = allRows(QUICK, machine.cpus)
const rowOf = (id: string): Row => rows.find((row) => row.id === id)!
const quiet = (): void => {}

test('every row has an id of its own, and a name for each contestant', () => {
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  for (const { ours, others } of rows) {
    const names = [ours, ...others].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  }
})

test('works in one process run, and each goal is judged', async () => {
  const { ours, others, ...row } = rowOf('pair')
  const few = { ...row, ours, others: others.filter(({ name }) => /CAS|sem_t/.test(name)) }
  const [result] = toJson(await runRows([few], { rounds: 1 }, machine, quiet), 'here', new Date(0))
  expect(result).toMatchObject({ unit: 'ns', target: '≤ 1.5 × bare CAS pair' })
  expect(result!.ours).toBeGreaterThan(0)
  expect(result!.met).toBe(result!.ours <= result!.bounds[0]!)
})

test('works between processes and threads run, with the counter checked', async () => {
  for (const id of ['contend', 'contend-threads', 'pingpong', 'wake', 'signals']) {
    const sample = await runContestant(rowOf(id).ours, machine)
    expect(sample.value).toBeGreaterThan(0)
  }
})

test('who is not there is named with the reason, and what depends on it is not judged', async () => {
  const { ours, others, ...row } = rowOf('pair-thread')
  const c = rowOf('pair').others.find(({ program }) => program === 'c')!
  const goals = [absolute(1e9, NS), relative(2, c.name, NS)]
  const few = { ...row, ours, others: [...others.slice(0, 1), c], goals }
  const [result] = toJson(await runRows([few], { rounds: 1 }, bare, quiet), 'here', new Date(0))
  expect(result!.absent).toEqual({ [c.name]: 'none' })
  expect(result!.met).toBeNull()
})

test('ours that cannot run is an error, not absent', async () => {
  const row = rowOf('pair-thread')
  const broken: Contestant = { ...row.ours, options: { ...row.ours.options, kind: 'no such' } }
  await expect(
    runRows([{ ...row, ours: broken, others: [] }], { rounds: 1 }, machine, quiet),
  ).rejects.toThrow(/ours|pairs|not a function/)
})
