/** The text that the help of each command shows below the options. */
export const MAIN_HELP = `
Examples:
  ipc run nightly -- ./backup.sh             one at a time on this machine
  ipc run nightly --timeout 0 -- ./backup.sh   not at all while it runs already
  ipc run encode --max 4 -- ffmpeg …         up to four at a time
  ipc wait ready --timeout 30s && start      until somebody says: ipc set ready
  ipc ls                                     who holds, who waits, who has died

Names are those of @ipc/lock, @ipc/semaphore and @ipc/sync: Lock.open('nightly') in a program and
ipc run nightly exclude each other. They lie in $IPC_DIR (/dev/shm/ipc-<uid>).

Exit status:
  0          done
  1          not done: not had or not set in time, still in use, no such process
  2          the command line is wrong, or the object cannot be used; one line says why
  126, 127   run, alarm: the command cannot be run, is not found
  128+n      run: the command was ended by signal n
  otherwise  run: what the command ended with
`

export const RUN_HELP = `
Examples:
  ipc run nightly -- ./backup.sh
  ipc run nightly --timeout 10s --conflict-exit-code 75 -- ./backup.sh
  ipc run index --shared -- ./search.sh      and elsewhere: ipc run index -- ./rebuild.sh
  ipc run encode --max 4 -- ffmpeg -i in.mov out.mp4
  ipc run -n /var/lock/backup.lock -c ./backup.sh   as with flock(1): -n -w -x -s -o -E -c
  ipc run nightly --abandoned-exec 'rm -rf /srv/unfinished' -- ./backup.sh

The lock is held until the command has ended, and everything that it started, unless they closed
the descriptors that they inherit (--command-only: until the command has ended). That is so even if
ipc itself is killed. The command gets each signal once, whether it was sent to ipc, to the process
group or by the terminal, and it inherits the descriptors that ipc was given.

If the command is killed, or ipc, the next owner is told: by a line on standard error, by
IPC_ABANDONED=1 in the environment of its command, and by --abandoned-exec. If that script fails,
the command is not run, and the next one is told again.

Without --shared it is a Lock, and excludes who said --shared too (an RWLock of that name). With
--max it is a BoundedSemaphore; --max of everybody who uses a name must be the same.
`

export const EVENT_HELP = `
Examples:
  ipc clear ready; ./server &  ipc wait ready --timeout 30s && ./client
  ipc set ready                              in ./server, when it can be used

An event stays set until it is cleared. Status 1: not set in time.
`

export const LS_HELP = `
Held since: exactly what ipc run knows; of other programs, "at most" how long the process has run.
Looking disturbs nobody and makes nothing.
`

export const TOP_HELP = `
q, Escape or Ctrl-C ends it. Not on a terminal it prints one look after another.
`

export const RM_HELP = `
Examples:
  ipc rm nightly
  ipc rm nightly --kind rwlock --force

Status 1: there is none, or somebody has it open.
`

export const KILL_HELP = `
Examples:
  ipc kill -l                                every signal, what it does and means
  ipc kill -USR1 4242
  ipc kill --queue 42 4242                   SIGTERM with the value 42
  ipc kill -s RTMIN+1 --queue 42 4242        real-time signals are queued, in order
  ipc kill -0 4242                           is there such a process?
  ipc kill -s TERM -- -4242                  the whole process group
`

export const ALARM_HELP = `
Examples:
  ipc alarm 5 -- ./fetch.sh                  ended by SIGALRM after 5 seconds, unless it handles it

ipc becomes the command: same process number, nothing stays behind.
`
