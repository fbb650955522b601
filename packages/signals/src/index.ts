export { signalCounters, type SignalCounters } from './receive/counters.ts'
export { getSignal, signal } from './receive/disposition.ts'
export {
  SI_KERNEL,
  SI_QUEUE,
  SI_TIMER,
  SI_TKILL,
  SI_USER,
  type SignalHandler,
  type SignalInfo,
} from './names/info.ts'
export { sigmask, sigpending, type MaskChange } from './receive/mask.ts'
export { strsignal, type Signal } from './names/numbers.ts'
export { ProcessRef } from './send/process-ref.ts'
export { kill, killpg, raise, sigqueue } from './send/send.ts'
export { SIG_DFL, SIG_IGN, SIG_NODE, type Disposition } from './receive/state.ts'
export { signals } from './wait/stream.ts'
export { signalTable, validSignals, type DefaultAction, type SignalEntry } from './names/tables.ts'
export { alarm, getitimer, setitimer, type Timer, type TimerSetting } from './send/timers.ts'
export { pause, pauseAsync, sigwait, sigwaitAsync } from './wait/wait.ts'
