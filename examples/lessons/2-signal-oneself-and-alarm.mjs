// A signal to oneself, and one that the kernel sends when the time is over.
import { alarm, pause, raise, signal } from '@ipc/signals'

signal('SIGUSR2', (name) => console.log(`handler: ${name}`))
raise('SIGUSR2')
console.log('raise() returns when the handlers have run')

signal('SIGALRM', () => console.log('handler: the second is over'))
alarm(1)
console.log('waiting for any signal')
pause()
console.log(`${alarm(0)} seconds are left: no alarm is set any more`)

//> handler: SIGUSR2
//> raise() returns when the handlers have run
//> waiting for any signal
//> handler: the second is over
//> 0 seconds are left: no alarm is set any more
