/** Text that is HTML already; every other string is escaped. */
export interface Html {
  readonly html: string
}

export type Content = Html | string

const VOID = new Set(['meta', 'br', 'col'])
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...content: readonly Content[]
): Html {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escape(String(value))}"`)
    .join('')
  if (VOID.has(name)) return { html: `<${name}${written}>` }
  return { html: `<${name}${written}>${join(content).html}</${name}>` }
}

export function join(content: readonly Content[]): Html {
  return { html: content.map((one) => (typeof one === 'string' ? escape(one) : one.html)).join('') }
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (char) => ESCAPES[char]!)
}
