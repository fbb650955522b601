/** `ipc ls`. */
import { jsonOf } from '../look/json.ts'
import { paintFor } from '../look/paint.ts'
import { linesOf } from '../look/print.ts'
import { look } from '../look/view.ts'

export function ls(name: string | undefined, { json }: { readonly json?: boolean }): void {
  const view = look(name)
  if (json) {
    process.stdout.write(`${JSON.stringify(jsonOf(view), null, 2)}\n`)
    return
  }
  const { isTTY, columns } = process.stdout
  const lines = linesOf(view, paintFor(process.stdout), isTTY ? columns : undefined)
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}
