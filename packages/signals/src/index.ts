export { signalCounters, type SignalCounters } from './counters.ts'
export { getSignal, signal } from './disposition.ts'
export {
  SI_KERNEL,
  SI_QUEUE,
  SI_TIMER,
  SI_TKILL,
  SI_USER,
  type SignalHandler,
  type SignalInfo,
} from './info.ts'
export { sigmask, sigpending, type MaskChange } from './mask.ts'
export { strsignal, type Signal } from './numbers.ts'
export { ProcessRef } from './process-ref.ts'
export { kill, killpg, raise, sigqueue } from './send.ts'
export { SIG_DFL, SIG_IGN, SIG_NODE, type Disposition } from './state.ts'
export { signals } from './stream.ts'
export { signalTable, validSignals, type DefaultAction, type SignalEntry } from './tables.ts'
export { alarm, getitimer, setitimer, type Timer, type TimerSetting } from './timers.ts'
export { pause, pauseAsync, sigwait, sigwaitAsync } from './wait.ts'
