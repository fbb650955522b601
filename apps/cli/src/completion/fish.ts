import { COMMANDS, RUNNING, SHELLS, TABLE, type Completed } from './table.ts'

const CANDIDATES: Readonly<Record<NonNullable<Completed['takes']>, string>> = {
  names: '(ipc names 2>/dev/null)',
  processes: '(__fish_complete_pids)',
  shells: SHELLS.join(' '),
  commands: COMMANDS.join(' '),
}

function linesOf(command: string, { options, valued = [], takes }: Completed): string {
  const when = `complete -c ipc -n '__ipc_after ${command}'`
  return [
    ...options.map((option) => `${when} -l ${option}\n`),
    ...valued.map((option) => `${when} -x -l ${option}\n`),
    takes === null ? '' : `${when} -a '${CANDIDATES[takes]}'\n`,
  ].join('')
}

/** @returns a script: `ipc completion fish | source` */
export function fish(): string {
  return `# ipc completion fish | source
function __ipc_after # the command, and no -- yet, which another command follows
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = $argv[1]; and not contains -- -- $words
end
function __ipc_command
    set -l words (commandline -opc)
    contains -- "$words[2]" ${RUNNING.join(' ')}; and contains -- -- $words
end
function __ipc_complete_command
    set -l words (commandline -opc) (commandline -ct)
    set -l at (contains -i -- -- $words)
    complete -C (string join ' ' -- (string escape -- $words[(math $at + 1)..-2]) "$words[-1]")
end
complete -c ipc -f
complete -c ipc -n 'test (count (commandline -opc)) -eq 1' -a '${COMMANDS.join(' ')}'
complete -c ipc -n '__ipc_command' -a '(__ipc_complete_command)'
${Object.entries(TABLE)
  .map(([command, completed]) => linesOf(command, completed))
  .join('')}`
}
