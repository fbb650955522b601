/** A source without the parts that do not change the program, and the place where each character was. */
export interface Essence {
  readonly text: string
  readonly at: readonly number[]
}

/** Strings come first, so that nothing inside them is taken for a comment; they stay as they are. */
const TOKENS =
  /'(?:\\.|[^\\'\n])*'|"(?:\\.|[^\\"\n])*"|`(?:\\[^]|[^\\`])*`|(?<dropped>\/\/.*|\/\*[^]*?\*\/|\s+|,(?=(?:\s|\/\/.*|\/\*[^]*?\*\/)*[)\]}]))|[^]/g

/** Takes out comments, white space and trailing commas. */
export function essenceOf(source: string): Essence {
  let text = ''
  const at: number[] = []
  for (const { 0: token, index, groups } of source.matchAll(TOKENS)) {
    if (groups?.['dropped'] !== undefined) continue
    text += token
    for (let i = 0; i < token.length; i++) at.push(index + i)
  }
  return { text, at }
}

/** Answers where `part` stands in the source: [begin, end) of each place. */
export function placesOf(part: Essence, { text, at }: Essence): (readonly [number, number])[] {
  const places: (readonly [number, number])[] = []
  if (part.text === '') return places
  for (let i = text.indexOf(part.text); i >= 0; i = text.indexOf(part.text, i + 1)) {
    places.push([at[i]!, at[i + part.text.length - 1]! + 1])
  }
  return places
}
