/** Colours, only where somebody can see them: https://no-color.org */
export interface Paint {
  readonly strong: (text: string) => string
  readonly faint: (text: string) => string
  readonly good: (text: string) => string
  readonly waiting: (text: string) => string
  readonly bad: (text: string) => string
}

interface Stream {
  readonly isTTY?: boolean
}

/** Whether the terminal obeys escape sequences. */
export function isScreen({ isTTY = false }: Stream): boolean {
  return isTTY && (process.env['TERM'] ?? 'dumb') !== 'dumb'
}

export function paintFor(stream: Stream): Paint {
  const coloured = isScreen(stream) && !process.env['NO_COLOR']
  const painted = (code: number) => (text: string) =>
    coloured ? `\u001B[${code}m${text}\u001B[0m` : text
  return {
    strong: painted(1),
    faint: painted(2),
    good: painted(32),
    waiting: painted(33),
    bad: painted(31),
  }
}
