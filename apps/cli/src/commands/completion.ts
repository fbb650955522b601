/** `ipc completion bash`, and the names that it asks for. */
import { list } from '@ipc/core'
import { Failure } from '../failure.ts'
import { print } from '../print.ts'

const BASH = `# eval "$(ipc completion bash)"
_ipc() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W 'run wait set clear ls top rm prune kill alarm completion help' -- "$word"))
    return
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do # after -- comes a command
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      if ((i + 1 == COMP_CWORD)); then COMPREPLY=($(compgen -c -- "$word")); else COMPREPLY=($(compgen -f -- "$word")); fi
      return
    fi
  done
  case $before in
    -s | --signal | -l | --list)
      COMPREPLY=($(compgen -W "$(ipc kill -l 2>/dev/null | awk '{ sub(/^SIG/, "", $2); print $2 }')" -- "$word")); return ;;
    -k | --kind) COMPREPLY=($(compgen -W 'lock rlock rwlock semaphore bounded event condition barrier memory' -- "$word")); return ;;
  esac
  local options
  case $command in
    run) options='--timeout --shared --max --conflict-exit-code --abandoned-exec --command-only --' ;;
    wait) options='--timeout' ;;
    ls | prune) options='--json' ;;
    top) options='--delay --count' ;;
    rm) options='--kind --force' ;;
    kill) options='--signal --queue --list --json' ;;
    alarm) options='--' ;;
    completion) COMPREPLY=($(compgen -W bash -- "$word")); return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options --help" -- "$word"))
  else
    case $command in
      run | wait | set | clear | ls | rm) COMPREPLY=($(compgen -W "$(ipc names 2>/dev/null)" -- "$word")) ;;
      kill) COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word")) ;;
    esac
  fi
}
complete -F _ipc ipc
`

export function completion(shell: string): void {
  if (shell !== 'bash')
    throw new Failure(`no completion for ${JSON.stringify(shell)}: there is bash`)
  print(BASH)
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
