/** `ipc completion SHELL`, and the names that its script asks for. */
import { list } from '@ipc/core'
import { fish } from '../completion/fish.ts'
import { SHELLS } from '../completion/table.ts'
import { zsh } from '../completion/zsh.ts'
import { Failure } from '../failure.ts'
import { print } from '../print.ts'

const BASH = `# eval "$(ipc completion bash)"
_ipc() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} i
  local commands='run wait set clear ls top rm prune kill alarm completion help' options signals
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    [[ $word == -* ]] && commands='--help --version'
    COMPREPLY=($(compgen -W "$commands" -- "$word"))
    return
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do # after -- comes a command
    if [[ \${COMP_WORDS[i]} == -- && $command != kill ]]; then
      if declare -F _command_offset >/dev/null; then
        _command_offset $((i + 1)) # of bash-completion: as that command completes
      elif ((i + 1 == COMP_CWORD)); then
        COMPREPLY=($(compgen -c -- "$word"))
      else
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$word"))
      fi
      return
    fi
  done
  if [[ $command == kill ]]; then
    signals=$(ipc kill -l 2>/dev/null | awk '{ sub(/^SIG/, "", $2); print $2 }')
  fi
  case "$command $before" in
    'kill -s' | 'kill --signal' | 'kill -l' | 'kill --list')
      COMPREPLY=($(compgen -W "$signals" -- "$word")); return ;;
    'rm -k' | 'rm --kind')
      COMPREPLY=($(compgen -W 'lock rlock rwlock semaphore bounded event condition barrier weblocks memory' -- "$word")); return ;;
    'run -t' | 'run -w' | 'run -m' | 'run -j' | 'run -E' | 'run -c' | 'wait -t' | 'top -d' | 'top -n' | 'kill -q') return ;;
    *' --timeout' | *' --wait' | *' --jobs' | *' --command' | *' --max' | *' --conflict-exit-code' | *' --abandoned-exec') return ;;
    *' --delay' | *' --count' | *' --queue') return ;;
  esac
  case $command in
    run) options='--timeout --nonblock --shared --exclusive --max --conflict-exit-code --command --abandoned-exec --command-only --verbose --' ;;
    wait) options='--timeout' ;;
    ls | prune) options='--json' ;;
    top) options='--delay --count' ;;
    rm) options='--kind --force' ;;
    kill) options='--signal --queue --list --json'; ((COMP_CWORD == 2)) && options+=$(printf ' -%s' $signals) ;;
    alarm) options='--' ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options --help" -- "$word"))
  elif [[ $command == help ]]; then
    ((COMP_CWORD == 2)) && COMPREPLY=($(compgen -W "$commands" -- "$word"))
  elif [[ $command == completion ]]; then
    ((COMP_CWORD == 2)) && COMPREPLY=($(compgen -W "bash zsh fish" -- "$word"))
  elif [[ $command == kill ]]; then
    COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word"))
  elif [[ $command =~ ^(run|wait|set|clear|ls|rm)$ ]]; then
    COMPREPLY=($(compgen -W "$(ipc names 2>/dev/null)" -- "$word"))
  fi
}
complete -F _ipc ipc
`

const SCRIPTS: Readonly<Record<string, () => string>> = { bash: () => BASH, zsh, fish }

export function completion(shell: string): void {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
  if (script === undefined) {
    const known = SHELLS.join(', ')
    throw new Failure(`no completion for ${JSON.stringify(shell)}: there are ${known}`)
  }
  print(script())
}

export function names(): void {
  const all = new Set(list().flatMap(({ name }) => name ?? []))
  print(
    [...all]
      .toSorted()
      .map((name) => `${name}\n`)
      .join(''),
  )
}
