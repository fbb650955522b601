import { Op, type Operation } from '../code/operation.ts'

/** Does an operation of one word, and answers with what the word was. */
export function operate(words: Int32Array, { kind, index, value, other }: Operation): number {
  const old = words[index]!
  switch (kind as number) {
    case Op.LOAD:
      break
    case Op.STORE:
      words[index] = value
      return 0
    case Op.COMPARE_EXCHANGE:
      if (old === value) words[index] = other
      break
    case Op.EXCHANGE:
      words[index] = value
      break
    case Op.ADD:
      words[index] = old + value
      break
    case Op.SUB:
      words[index] = old - value
      break
    case Op.AND:
      words[index] = old & value
      break
    case Op.OR:
      words[index] = old | value
      break
    case Op.XOR:
      words[index] = old ^ value
      break
    default:
      throw new Error(`no operation of a word: ${kind}`)
  }
  return old
}
