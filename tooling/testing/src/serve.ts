import { constants, runInThisContext } from 'node:vm'
import { toFailure, type Reply, type Request } from './protocol.ts'

type Task = (context: object, argument: unknown) => unknown

/**
 * The contender's side: runs what it is sent, in order of arrival, until its channel or its thread
 * ends. A task that waits asynchronously does not keep the next one from starting.
 */
export async function serve(
  modules: Readonly<Record<string, string>>,
  send: (reply: Reply) => void,
  letGo: () => void,
): Promise<(request: Request) => void> {
  const loaded = await Promise.all(
    Object.entries(modules).map(async ([name, url]) => [name, await import(url)] as const),
  )
  const context = { ...Object.fromEntries(loaded), state: {} }

  const run = async (id: number, source: string, argument: unknown): Promise<void> => {
    let reply: Reply
    try {
      const task = runInThisContext(`(${source}\n)`, {
        filename: 'task-of-a-test.js',
        importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      }) as Task
      reply = { id, result: await task(context, argument) }
    } catch (error) {
      reply = { id, failure: toFailure(explained(error)) }
    }
    try {
      send(reply)
    } catch (error) {
      send({ id, failure: toFailure(error) }) // the result cannot be sent
    }
  }

  return (request) => {
    if (request.do === 'let go') letGo()
    else void run(request.id, request.task, request.argument)
  }
}

/** Explains the mistake that is easy to make: the task uses something that lies around it in the test. */
function explained(error: unknown): unknown {
  if (error instanceof ReferenceError) {
    error.message += ' (a task reaches a contender as text: it has only its parameters)'
  }
  return error
}
