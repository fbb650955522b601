/**
 * Threads that are event loops, explored like any other. Between two events all microtasks run, and only Node
 * can be told to run them: that is why this entry is separate.
 */
import { makeTasks, type Algorithm, type TaskCode, type Tasks } from './algorithm.ts'
import { check as checkNow, replay as replayNow, type CheckOptions, type Report } from './check.ts'
import { eventLoop, inMacrotask } from './code/event-loop.ts'
import type { Memory } from './memory.ts'

export type { TaskCode, Tasks, TaskThread } from './algorithm.ts'

/**
 * A thread that is an event loop: it begins with the first task, and the others begin, in order, at
 * any moment later.
 */
export function tasks<T>(...all: readonly TaskCode<T>[]): Tasks<T> {
  return makeTasks(all, (open, threadOf) =>
    eventLoop(
      all.map(
        (task) => (loop) =>
          task(loop.agent.once(open), {
            ...threadOf(loop.agent),
            signal: () => loop.signal(),
            turn: () => loop.turn(),
          }),
      ),
    ),
  )
}

/**
 * `check` of the main entry, for algorithms with event loops. It explores in a task of its own, as no
 * microtask can run all others.
 */
export function check<T = Memory>(
  algorithm: Algorithm<T>,
  options: CheckOptions = {},
): Promise<Report> {
  return inMacrotask(() => checkNow(algorithm, options))
}

/** `replay` of the main entry, for algorithms with event loops. */
export function replay<T = Memory>(algorithm: Algorithm<T>, token: string): Promise<Report> {
  return inMacrotask(() => replayNow(algorithm, token))
}
