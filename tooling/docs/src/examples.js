import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Example
 * @property {number} line where its code begins, from 1
 * @property {string} code
 * @property {string | null} output what it must print; null if the page does not say
 */

const FENCE = /^```(\w*)$/

/**
 * Returns the JavaScript examples of a page: every block marked `js`. A block marked `text` that
 * follows says what the one before it prints.
 *
 * @param {string | URL} file
 * @returns {Example[]}
 */
export function examplesOf(file) {
  const lines = readFileSync(file, 'utf8').split('\n')
  /** @type {Example[]} */
  const examples = []
  let previousWasCode = false
  for (let i = 0; i < lines.length; i++) {
    const language = FENCE.exec(lines[i] ?? '')?.[1]
    if (language === undefined) {
      if (lines[i]?.trim()) previousWasCode = false
      continue
    }
    const end = lines.indexOf('```', i + 1)
    const body = lines.slice(i + 1, end).join('\n') + '\n'
    const last = examples.at(-1)
    if (language === 'js') examples.push({ line: i + 2, code: body, output: null })
    else if (language === 'text' && previousWasCode && last) last.output = body
    previousWasCode = language === 'js'
    i = end
  }
  return examples
}
