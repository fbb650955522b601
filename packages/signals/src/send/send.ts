import { isMainThread } from 'node:worker_threads'
import { integer } from '@ipc/core/author'
import { drainAll } from '../receive/delivery.ts'
import { native, nativeFor } from '../native.ts'
import { signalNumber, type Signal } from '../names/numbers.ts'

const MAX_PID = 0x7fffffff

/** 0 is no signal: it asks whether one could be sent. */
function numberOrProbe(signal: unknown): number {
  return signal === 0 ? 0 : signalNumber(signal)
}

/**
 * Sends a signal to a process. As in POSIX, `pid` 0 is one's own process group, −1 everybody that
 * one may signal, −n the process group n; signal 0 only asks whether the process exists (a zombie
 * does). A handler of this process has not run yet when it returns: see `raise`.
 * @throws Error ESRCH if there is no such process, EPERM if it may not be signalled
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/functions/kill.html
 */
export function kill(pid: number, signal: Signal): void {
  const to = integer('pid', pid, -MAX_PID, MAX_PID)
  const number = numberOrProbe(signal)
  const addon = native()
  if (addon !== null) addon.kill(to, number)
  else process.kill(to, number)
}

/**
 * Sends a signal to every process of a group; 0 is one's own group.
 * @throws Error ESRCH, EPERM
 */
export function killpg(pgid: number, signal: Signal): void {
  // kill(-1) would reach everybody, and nobody who passes 1 means the group of process 1
  const group = pgid === 0 ? 0 : integer('pgid', pgid, 2, MAX_PID)
  kill(group === 0 ? 0 : -group, signal)
}

/**
 * Sends a signal to this process. On the main thread, its handlers have run when this returns, and
 * what one of them throws comes out here.
 */
export function raise(signal: Signal): void {
  const number = signalNumber(signal)
  const addon = native()
  if (addon !== null && isMainThread) addon.raise(number)
  else kill(process.pid, number)
  if (isMainThread) drainAll()
}

/**
 * Sends a signal with a value. Real-time signals (`SIGRTMIN+n`) are queued: each comes, in order.
 * @param value a 32-bit integer
 * @throws Error ESRCH, EPERM; EAGAIN if the receiver's queue is full (`ulimit -i`)
 * @throws IpcError ERR_IPC_UNSUPPORTED but on Linux
 */
export function sigqueue(pid: number, signal: Signal, value: number): void {
  const to = integer('pid', pid, 1, MAX_PID)
  const number = numberOrProbe(signal)
  const what = integer('value', value, -0x80000000, 0x7fffffff)
  nativeFor('sigqueue').sigqueue(to, number, what)
}
