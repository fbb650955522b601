import type { AgentSpec, Fault, Form, ObjectSpec, Operation, Program } from './program.ts'

/** Writes a program as people read it, with one line for each object, track and fault. */
export function describeProgram({ scope, objects, agents, faults }: Program): string[] {
  return [
    `objects (${scope} scope)`,
    ...objects.map((spec, i) => `  ${objectName(objects, i)}: ${describeObject(spec)}`),
    'agents',
    ...agents.flatMap((agent, i) => describeAgent(agent, i, objects)),
    ...(faults.length > 0 ? ['faults', ...faults.map((fault) => `  ${describeFault(fault)}`)] : []),
  ]
}

/** Names an object by its kind and its number among all objects: `lock0`, `event1`. */
export function objectName(objects: readonly ObjectSpec[], index: number): string {
  return `${objects[index]!.kind}${index}`
}

/** Names a track `A0`, or `A0.1` for the second of several. */
export function trackName(agents: readonly AgentSpec[], agent: number, track: number): string {
  if (agent >= agents.length) return 'harness'
  return agents[agent]!.tracks.length === 1 ? `A${agent}` : `A${agent}.${track}`
}

function describeObject(spec: ObjectSpec): string {
  const placed = { own: '', named: ', by name', inside: ', inside a memory' }[spec.placed]
  if (spec.kind === 'condition') {
    return `condition over ${spec.over === 'lock' ? 'a lock' : 'an RLock'}${placed}`
  }
  if (spec.kind === 'barrier') return `barrier for ${spec.parties}${placed}`
  if (spec.kind !== 'semaphore') return `${spec.kind}${placed}`
  const name = spec.bounded ? 'bounded semaphore' : 'semaphore'
  return `${name} of ${spec.value}${spec.undo ? ' with undo' : ''}${placed}`
}

function describeAgent(
  { runs, rounds, tracks }: AgentSpec,
  index: number,
  objects: readonly ObjectSpec[],
): string[] {
  return tracks.map((operations, track) => {
    const name = tracks.length === 1 ? `A${index}` : `A${index}.${track}`
    const all = operations.map((operation) => describeOperation(operation, objects)).join('; ')
    return `  ${name} (${runs}) ${rounds} × [ ${all} ]`
  })
}

function describeOperation(operation: Operation, objects: readonly ObjectSpec[]): string {
  const words = [operation.do, objectName(objects, operation.object)]
  if ('form' in operation) words.push(describeForm(operation.form))
  if ('count' in operation) words.push(`× ${operation.count}`)
  if ('times' in operation && operation.times > 1) words.push(`${operation.times} times`)
  if ('side' in operation && operation.side === 'reader') words.push('as a reader')
  if ('work' in operation && operation.work !== 'nothing') words.push(`(${operation.work})`)
  return words.join(' ')
}

function describeForm({ how, ms }: Form): string {
  return how === 'block' || how === 'try' || how === 'async' ? how : `${how} ${ms} ms`
}

function describeFault(fault: Fault): string {
  if ('forMs' in fault) {
    const what = fault.what === 'stop' ? 'stopped' : 'in a storm of signals'
    return `A${fault.agent} is ${what} after ${fault.afterMs} ms, for ${fault.forMs} ms`
  }
  const how = fault.what === 'exit' ? 'exits' : 'is killed'
  if ('afterMs' in fault) return `A${fault.agent} ${how} after ${fault.afterMs} ms`
  const where = fault.inside ? 'in the first critical section from' : 'before'
  const on = fault.inside ? ' on' : ''
  return `A${fault.agent} ${how} ${where} its operation ${fault.step}${on}`
}
