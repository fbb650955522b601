/** `ipc ls`. */
import { DONE } from '../exit.ts'
import { checkName } from '../kinds.ts'
import { jsonOf } from '../look/json.ts'
import { paintFor } from '../look/paint.ts'
import { linesOf } from '../look/print.ts'
import { look } from '../look/look.ts'
import { print, say } from '../print.ts'

export function ls(name: string | undefined, { json }: { readonly json?: boolean }): void {
  if (name !== undefined) checkName(name)
  const view = look(name)
  if (json) {
    print(`${JSON.stringify(jsonOf(view), null, 2)}\n`)
    return
  }
  if (view.objects.length === 0) {
    say(`nothing ${name === undefined ? 'has a name here' : `is called ${name}`}`, DONE)
    return
  }
  const { isTTY, columns } = process.stdout
  const width = isTTY && columns > 0 ? columns : undefined
  const lines = linesOf(view, paintFor(process.stdout), width)
  print(lines.map((line) => `${line}\n`).join(''))
}
