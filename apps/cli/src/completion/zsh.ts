import { COMMANDS, RUNNING, SHELLS, TABLE, type Completed } from './table.ts'

const CANDIDATES: Readonly<Record<NonNullable<Completed['takes']>, string>> = {
  names: '${(f)"$(ipc names 2>/dev/null)"}',
  processes: '/proc/<->(N:t)',
  shells: SHELLS.join(' '),
  commands: COMMANDS.join(' '),
}

function optionsOf({ options, valued = [] }: Completed): string {
  return [...options, ...valued, 'help'].map((option) => `--${option}`).join(' ')
}

/** @returns a script: `eval "$(ipc completion zsh)"`, after compinit */
export function zsh(): string {
  const cases = Object.entries(TABLE).map(
    ([command, completed]) =>
      `    ${command}) options=(${optionsOf(completed)}) valued=(${(completed.valued ?? []).map((option) => `--${option}`).join(' ')})` +
      ` others=(${completed.takes === null ? '' : CANDIDATES[completed.takes]}) ;;\n`,
  )
  return `# eval "$(ipc completion zsh)"
_ipc() {
  local -a options valued others
  local i
  if (( CURRENT == 2 )); then
    if [[ $words[2] == -* ]]; then compadd -- --help --version; else compadd -- ${COMMANDS.join(' ')}; fi
    return
  fi
  for (( i = 3; i < CURRENT; i++ )); do # after -- comes a command
    if [[ $words[i] == -- && $words[2] == (${RUNNING.join('|')}) ]]; then
      shift $i words
      (( CURRENT -= i ))
      _normal
      return
    fi
  done
  case $words[2] in
${cases.join('')}  esac
  if (( $valued[(Ie)$words[CURRENT-1]] )); then
    return
  elif [[ $words[CURRENT] == -* ]]; then
    compadd -- $options
  else
    compadd -- $others
  fi
}
compdef _ipc ipc
`
}
