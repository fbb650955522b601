/** The main module of a receiver or a sender. */
import { argument } from './plant.ts'
import { History, FINISHED } from './history.ts'
import type { SignalProgram } from './program.ts'
import type { Part, Reply, Request } from './protocol.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'

const [handle, role] = argument
const history = History.from(handle)
const receiver = role === 'receiver' ? await Receiver.make(history) : null
let sender: Sender | null = null
let program: SignalProgram
let part: Part

const send = (reply: Reply): void => void process.send!(reply)

async function perform(request: Request): Promise<Reply> {
  if (request.do === 'prepare') {
    ;({ program, part } = request)
    receiver?.prepare()
    if (part.is === 'sender') {
      history.setProgress(part.index, 0)
      sender = new Sender(history, part.index, part.to)
    }
    return { did: 'prepare' }
  }
  if (receiver !== null) return { did: 'go', end: await receiver.run(program) }
  if (part.is === 'sender') {
    try {
      sender!.run(program.senders[part.index]!)
    } finally {
      history.setProgress(part.index, FINISHED)
    }
  }
  return { did: 'go' }
}

process.on('message', (request: Request) => {
  perform(request).then(send, (error: Error) =>
    send({ did: 'fail', error: error.stack ?? error.message }),
  )
})
process.once('disconnect', () => process.exit())
send({ did: 'start' })
