/** The exports of `c/node/binding.c`. They are not a public interface: only core and signals call them. */
export interface Native {
  /** `join`: the thread becomes an agent, and takes a slot in the registry. */
  openDomain(path: string | null, threadId: number, mode: DomainMode, join: boolean): NativeDomain
  /** Throws what `openDomain` would throw in mode 2; makes nothing that stays. */
  checkDomain(path: string): void
  /**
   * Says which directory a value of IPC_DIR means in this process: `resolved`, or for a relative value what
   * it meant before. `ofProcess`: the value is the process's and not one of a worker's own.
   */
  directoryOf(value: string, resolved: string, ofProcess: boolean): string
  /** For a thread that has no IPC_DIR: the directory that the process used last, or its IPC_DIR. */
  directoryOfProcess(): [directory: string | null, value: string | null]
  /** The namespace in which the pids of this process are numbers, as slots of registries have it. */
  pidNamespace(): number
  /** The agents of a domain; stays mapped forever. */
  registry(domain: number): ArrayBuffer
  isDead(domain: number, agent: number): boolean

  open(domain: number, request: OpenRequest): OpenedFile
  view(file: NativeFile, byteOffset: number, byteLength: number): ArrayBuffer
  close(file: NativeFile): void
  isLinked(file: NativeFile): boolean
  unlink(domain: number, file: string, force: boolean): boolean
  list(domain: number, withData: boolean): FileInfo[]
  /** Keeps what is abandoned, unless `force`. */
  prune(domain: number, force: boolean): string[]

  /** 0 woken, 1 changed, 2 death, 3 timed out, 4 interrupted. */
  park(
    file: NativeFile,
    index: number,
    expected: number,
    roster: number,
    timeoutMs: number,
    interruptible: boolean,
    sequence: number,
  ): number
  /** To be called after a death: wakes another sleeper that must look. */
  passOnDeaths(file: NativeFile): void
  wake(file: NativeFile, index: number, count: number): number
  /** `hasLooked`: the caller has come back to this very state for no reason, and may sleep long. */
  ticket(
    file: NativeFile,
    index: number,
    expected: number,
    roster: number,
    realm: number,
    hasLooked: boolean,
  ): number
  cancelTicket(id: number): void
  /**
   * To be called for each realm of the thread that has tickets; returns the realm's number. An id comes
   * negated when its ticket has only slept for long. The callback is held weakly, except by `holdRealm`.
   */
  onWake(callback: (ids: number[]) => void): number
  /** Whether the realm has tickets; counted. */
  holdRealm(realm: number, hold: boolean): void
  /** Whether the event loop goes on although it has nothing else to do; counted. */
  keepAlive(keep: boolean): void
  /** For tests: sleeps as on Linux before 5.16. */
  withoutWaitv(without: boolean): void
  /** For tests: no sleeper of this process looks at its words by itself any more. */
  withoutRecheck(without: boolean): void

  /** Agents that this thread becomes from now on may have heirs: `c/agents/heirs.c`. */
  mayBequeath(): void
  /** Descriptors that processes inherit which are started from now on; the caller closes them. */
  bequeath(file: NativeFile): [life: number, use: number]
  hasHeirs(domain: number, agent: number): boolean

  /** Runs a program and blocks until it has ended; it is sent the signals that it has not got itself. */
  commandRun(
    argv: readonly (string | Uint8Array)[],
    descriptors: readonly number[],
    started: (pid: number) => void,
  ): [code: number, signal: number]
  /** Becomes another program; returns only by throwing. */
  commandBecome(argv: readonly (string | Uint8Array)[], descriptors: readonly number[]): never
  /** Signals end this process from now on, as they end a program that is not Node.js. */
  commandAwait(): void

  kill(pid: number, signal: number): void
  /** Sends it to the calling thread. */
  raise(signal: number): void
  sigqueue(pid: number, signal: number, value: number): void
  processOpen(pid: number): NativeProcess
  processKill(process: NativeProcess, signal: number): void
  processExited(process: NativeProcess): boolean
  processClose(process: NativeProcess): void
  /** 0 real, 1 virtual, 2 prof. Answers with [valueMs, intervalMs] as they were. */
  setTimer(which: number, valueMs: number, intervalMs: number): [number, number]
  getTimer(which: number): [number, number]

  // From here on for the main thread only. A set of signals is a bigint: bit `number - 1`.
  /** The descriptor that becomes readable when signals have arrived; the caller closes it. */
  signalsStart(listened: bigint): number
  signalCatch(signal: number, chain: boolean): void
  signalSet(signal: number, ignore: boolean): void
  signalGiveBack(signal: number): void
  signalDisplaced(signal: number, initial: boolean): void
  /** Whether the kernel has what was put there, if anything was; `vm` and other addons may change it. */
  signalInForce(signal: number): boolean
  /** Puts back what we had put there, whatever changed it. */
  signalReclaim(signal: number): void
  /** Calls Node's handler, for a delivery that was held. */
  signalChain(signal: number): void
  /** Node's disposition: 0 default, 1 ignored, 2 a function. */
  signalDisposition(signal: number): number
  /** To be called when less than half of a ring that was nearly full is unread. */
  signalsRelease(): void
  signalsSleep(sequence: number, timeoutMs: number): void
  /** Makes other threads block these, as far as they can be reached. */
  signalsEvict(set: bigint): void
  /** False: the kernel cannot hold them yet, and `signalsSettle` is to be tried later. */
  signalsBlock(set: bigint): boolean
  signalsSettle(): boolean
  signalsUnblock(set: bigint): void
  /** The main thread blocks these for a moment, and no more. */
  signalsShut(set: bigint): void
  signalsReopen(set: bigint): void
  signalsPending(): bigint
  readonly rtmin: number
  readonly rtmax: number

  /** Deliveries that nobody has read yet: `ipc_signal_ring` of `c/signals/signals.h`. */
  readonly signalRing: ArrayBuffer
  /** One word: bumped by signal handlers. */
  readonly signals: ArrayBuffer
  readonly pid: number
  readonly layout: NativeLayout
}

/** An open mapping; opaque. */
export interface NativeFile {
  readonly native: unique symbol
}

/** A pidfd; opaque. */
export interface NativeProcess {
  readonly process: unique symbol
}

/**
 * Says what happens when there is no directory, or no registry in it: 0 make nothing and throw ENOENT; 1
 * make the registry, not the directory; 2 make both. With 0 nothing is removed either. `ipc_domain_mode`.
 */
export type DomainMode = 0 | 1 | 2

export interface NativeDomain {
  readonly index: number
  /** Empty for the private domain. */
  readonly path: string
  /** The calling thread's agent; 0 if it did not join. */
  readonly self: number
}

export interface OpenRequest {
  readonly file: string
  readonly kind: string
  readonly create: boolean
  readonly anonymous: boolean
  readonly hasOptions: boolean
  readonly words: number
  readonly options: readonly number[]
  /** The first of the words that name who holds it, and how many they are. */
  readonly owners?: readonly [first: number, count: number] | undefined
  readonly id: readonly number[] | null
}

export interface OpenedFile {
  readonly external: NativeFile
  readonly buffer: ArrayBuffer
  readonly created: boolean
  readonly file: string
  readonly words: number
  readonly options: number[]
  readonly id: number[]
}

export interface FileInfo {
  readonly file: string
  readonly kind: string
  readonly anonymous: boolean
  readonly words: number
  readonly options: number[]
  /** The agents that have it open. */
  readonly openers: number[]
  readonly id: number[]
  /** The next agent that acquires it will be told that its last owner died. */
  readonly abandoned: boolean
  /** A copy of its first words, at most 2,048. */
  readonly data?: number[]
}

/** Offsets in 32-bit words: in the registry, in one of its slots, in an object's file. */
export interface NativeLayout {
  readonly slots: number
  readonly slotWords: number
  /** Negative where the kernel has no robust futexes: then nobody can be seen to die. */
  readonly liveness: number
  /** Slots from this one on may have heirs. Not an offset. */
  readonly firstWithHeirs: number
  readonly generation: number
  readonly pid: number
  readonly tid: number
  readonly threadId: number
  /** The words for what JavaScript writes about its agent: 45 of them. */
  readonly notes: number
  /** The namespace in which `pid` is a number. */
  readonly pidNamespace: number
  /** The generation of the agent that the slot describes; 0 while that is being written. */
  readonly described: number
  readonly poison: number
  readonly roster: number
  readonly data: number
}
