import { Command } from 'commander'
import { duration, places, wholeNumber, withoutDashes, type CommandLine } from './arguments.ts'
import { Failure } from './failure.ts'
import {
  ALARM_HELP,
  EVENT_HELP,
  KILL_HELP,
  LS_HELP,
  MAIN_HELP,
  RM_HELP,
  RUN_HELP,
  TOP_HELP,
} from './help.ts'
import { print } from './print.ts'

type Define = (ipc: Command, command: readonly string[]) => void

const COMMANDS: Readonly<Record<string, Define>> = {
  run: defineRun,
  wait: defineWait,
  set: defineSet,
  clear: defineClear,
  ls: defineLs,
  top: defineTop,
  rm: defineRm,
  prune: definePrune,
  kill: defineKill,
  alarm: defineAlarm,
  completion: defineCompletion,
  names: defineNames,
}

/**
 * A start must be fast: only the command that the user asks for is defined (help defines all of them),
 * and its code is loaded when it is called.
 */
export function program({ args: [wanted = '', about], command }: CommandLine): Command {
  if (wanted === 'help' && about !== undefined && !Object.hasOwn(COMMANDS, about)) {
    throw noSuchCommand(about)
  }
  const ipc = new Command('ipc')
    .description('Named locks, semaphores, events and signals of @ipc, for shells')
    .usage('COMMAND [options]')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => {}, outputError: () => {} })
    .configureHelp({ showGlobalOptions: false })
    .option('-V, --version', 'print the version')
    .helpCommand('help [command]', 'what a command does, and how to say it')
    .addHelpText('after', MAIN_HELP)
  const only = Object.hasOwn(COMMANDS, wanted) ? COMMANDS[wanted] : undefined
  for (const define of only === undefined ? Object.values(COMMANDS) : [only]) define(ipc, command)
  ipc.action(async ({ version }: { readonly version?: boolean }, { args }) => {
    if (version) return (await import('./commands/version.ts')).version()
    if (args.length > 0) throw noSuchCommand(args[0])
    print(ipc.helpInformation() + MAIN_HELP + '\n')
    process.exitCode = 2
  })
  ipc.allowExcessArguments()
  return ipc
}

function noSuchCommand(name: string): Failure {
  return new Failure(`no such command: ${name}; see ipc --help`)
}

function defineRun(ipc: Command, command: readonly string[]): void {
  ipc
    .command('run')
    .description('run a command while holding a named lock')
    .usage('NAME [options] -- COMMAND [ARGUMENTS...]')
    .argument('<name>', 'of the lock: letters, digits, . _ -; or an absolute path')
    .argument('[command...]', 'what to run')
    .option(
      '-t, --timeout <duration>',
      'give up after so long: 10s, 500ms, 2m; 0: try once',
      duration,
    )
    .option('-w, --wait <duration>', 'as flock(1) has it: --timeout', duration)
    .option('-n, --nonblock', 'as flock(1) has it: --timeout 0')
    .option('-s, --shared', 'together with others who say --shared, not with those who do not')
    .option('-x, --exclusive', 'as flock(1) has it: what is so without --shared')
    .option('-m, --max <n>', 'up to n at a time; 50%: of the CPUs', places)
    .option('-j, --jobs <n>', 'as sem(1) has it: --max', places)
    .option(
      '-E, --conflict-exit-code <n>',
      'the exit status when it was not had in time (1)',
      wholeNumber('exit status', 0, 255),
    )
    .option('-c, --command <script>', 'run this with sh -c, instead of a command after --')
    .option('--abandoned-exec <script>', 'if the last owner was killed, first run this with sh -c')
    .option('--command-only', 'release when the command ends, whatever it left in the background')
    .option('-o, --close', 'as flock(1) has it: --command-only')
    .option('-v, --verbose', 'say who holds it while waiting, and how long that took')
    .addHelpText('after', RUN_HELP)
    .action(async (name: string, given: string[], options: object) => {
      withoutDashes(given, `ipc run ${name} --`)
      process.exitCode = await (await import('./commands/run.ts')).run(name, command, options)
    })
}

function defineWait(ipc: Command): void {
  ipc
    .command('wait')
    .description('wait until a named event is set')
    .argument('<event>')
    .option('-t, --timeout <duration>', 'give up after so long, with status 1', duration)
    .addHelpText('after', EVENT_HELP)
    .action(async (name: string, options: object) => {
      process.exitCode = (await import('./commands/event.ts')).wait(name, options)
    })
}

function defineSet(ipc: Command): void {
  ipc
    .command('set')
    .description('set a named event: everybody who waits for it goes on')
    .argument('<event>')
    .action(async (name: string) => (await import('./commands/event.ts')).set(name))
}

function defineClear(ipc: Command): void {
  ipc
    .command('clear')
    .description('clear a named event: from now on, wait waits')
    .argument('<event>')
    .action(async (name: string) => (await import('./commands/event.ts')).clear(name))
}

function defineLs(ipc: Command): void {
  ipc
    .command('ls')
    .description('who holds what, who waits for what, who has died, who waits in a circle')
    .argument('[name]', 'only what is called so')
    .option('--json', 'for programs')
    .addHelpText('after', LS_HELP)
    .action(async (name: string | undefined, options: object) =>
      (await import('./commands/ls.ts')).ls(name, options),
    )
}

function defineTop(ipc: Command): void {
  ipc
    .command('top')
    .description('the same, again and again; q ends it')
    .option('-d, --delay <duration>', 'how often to look (1s)', duration)
    .option('-n, --count <n>', 'end after so many looks', wholeNumber('number of looks', 1, 1e9))
    .addHelpText('after', TOP_HELP)
    .action(async (options: object) => (await import('./commands/top.ts')).top(options))
}

function defineRm(ipc: Command): void {
  ipc
    .command('rm')
    .description('remove a named object')
    .argument('<name>')
    .option('-k, --kind <kind>', 'lock, rlock, rwlock, semaphore, bounded, event, …')
    .option('-f, --force', 'also while others use it: their waits then fail')
    .addHelpText('after', RM_HELP)
    .action(async (name: string, options: object) => {
      process.exitCode = await (await import('./commands/rm.ts')).rm(name, options)
    })
}

function definePrune(ipc: Command): void {
  ipc
    .command('prune')
    .description('remove every named object that nobody has open')
    .option('-f, --force', 'also those whose last owner was killed: then nobody is told')
    .option('--json', 'for programs')
    .action(async (options: object) => (await import('./commands/rm.ts')).pruneAll(options))
}

function defineKill(ipc: Command): void {
  ipc
    .command('kill')
    .description('send a signal, with a value if you like')
    .usage('[-SIGNAL | -s SIGNAL] [--queue VALUE] PID... | -l [SIGNAL...]')
    .argument('[pid...]', 'a process; below 0 a process group, after --')
    .option('-s, --signal <signal>', 'USR1, SIGUSR1, 10 or RTMIN+1 (TERM)')
    .option(
      '-q, --queue <value>',
      'send it with a number',
      wholeNumber('value', -0x80000000, 0x7fffffff),
    )
    .option('-l, --list', 'list the signals')
    .option('--json', 'the list, for programs')
    .addHelpText('after', KILL_HELP)
    .action(async (operands: string[], options: object) => {
      process.exitCode = (await import('./commands/kill.ts')).kill(operands, options)
    })
}

function defineAlarm(ipc: Command, command: readonly string[]): void {
  ipc
    .command('alarm')
    .description('run a command that gets SIGALRM after so long')
    .usage('DURATION -- COMMAND [ARGUMENTS...]')
    .argument('<duration>', '5, 1.5s, 500ms, 2m', duration)
    .argument('[command...]', 'what to run')
    .addHelpText('after', ALARM_HELP)
    .action(async (ms: number, given: string[]) => {
      withoutDashes(given, 'ipc alarm DURATION --')
      ;(await import('./commands/alarm.ts')).alarm(ms, command)
    })
}

function defineCompletion(ipc: Command): void {
  ipc
    .command('completion')
    .argument('<shell>', 'bash, zsh or fish')
    .description('print what makes a shell complete: eval "$(ipc completion bash)"')
    .action(async (shell: string) => (await import('./commands/completion.ts')).completion(shell))
}

/** The command that the completion scripts call. */
function defineNames(ipc: Command): void {
  ipc
    .command('names', { hidden: true })
    .action(async () => (await import('./commands/completion.ts')).names())
}
