/** More elements would have too many subsets. */
const MAX_ELEMENTS = 8

/** How many subsets of `count` elements a set of `of` has. */
export function choose(of: number, count: number): number {
  if (of > MAX_ELEMENTS) throw new RangeError(`at most ${MAX_ELEMENTS} sleepers of one word`)
  let result = 1
  for (let i = 0; i < count; i++) result = (result * (of - i)) / (i + 1)
  return result
}

const subsets = new Map<number, number[]>()

/** The nth subset of `count` elements, as bits. */
export function nthSubset(of: number, count: number, n: number): number {
  const key = of * 16 + count
  let all = subsets.get(key)
  if (all === undefined) {
    all = []
    for (let bits = 0; bits < 1 << of; bits++) if (bitCount(bits) === count) all.push(bits)
    subsets.set(key, all)
  }
  return all[n]!
}

function bitCount(bits: number): number {
  let count = 0
  for (; bits !== 0; bits &= bits - 1) count++
  return count
}
