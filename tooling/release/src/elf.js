/**
 * Reads from a shared object what the dynamic loader will ask: the machine, the libraries it names, the
 * symbols that must come from elsewhere. It reads 64 bits, little-endian: x64 and arm64.
 *
 * Source: System V ABI, chapter 5; Linux Standard Base, symbol versioning.
 */

const MACHINES = new Map([
  [62, 'x64'],
  [183, 'arm64'],
])
const SYMBOLS = 11 // SHT_DYNSYM
const DYNAMIC = 6 // SHT_DYNAMIC
const VERSIONS = 0x6fffffff // SHT_GNU_versym
const DEFINED_VERSIONS = 0x6ffffffd // SHT_GNU_verdef
const NEEDED = 1 // DT_NEEDED

/**
 * @typedef {object} SharedObject
 * @property {string} machine as Node calls it
 * @property {string[]} needed libraries that it names
 * @property {string[]} undefinedSymbols
 * @property {Map<string, string[]>} definedSymbols with the versions in which each is defined
 */

/**
 * @param {Buffer} file
 * @returns {SharedObject}
 */
export function readSharedObject(file) {
  if (file.toString('latin1', 0, 4) !== '\x7fELF' || file[4] !== 2 || file[5] !== 1) {
    throw new Error('not an ELF file of 64 bits, little-endian')
  }
  const sections = sectionsOf(file)
  const machine = file.readUInt16LE(18)
  const { undefinedSymbols, definedSymbols } = symbolsOf(file, sections)
  return {
    machine: MACHINES.get(machine) ?? `machine ${machine}`,
    needed: neededOf(file, sections),
    undefinedSymbols,
    definedSymbols,
  }
}

/** @typedef {{ type: number, offset: number, size: number, link: number }} Section */

/**
 * @param {Buffer} file
 * @returns {Section[]}
 */
function sectionsOf(file) {
  const start = Number(file.readBigUInt64LE(40))
  const bytes = file.readUInt16LE(58)
  return Array.from({ length: file.readUInt16LE(60) }, (_, i) => {
    const at = start + i * bytes
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
    }
  })
}

/**
 * @param {Buffer} file
 * @param {Section | undefined} strings
 * @param {number} at
 */
function stringAt(file, strings, at) {
  const start = (strings?.offset ?? 0) + at
  return file.toString('latin1', start, file.indexOf(0, start))
}

/**
 * @param {Buffer} file
 * @param {Section[]} sections
 */
function neededOf(file, sections) {
  const dynamic = sections.find((section) => section.type === DYNAMIC)
  const needed = []
  if (dynamic === undefined) return []
  for (let at = 0; at < dynamic.size; at += 16) {
    if (Number(file.readBigInt64LE(dynamic.offset + at)) === NEEDED) {
      const name = Number(file.readBigUInt64LE(dynamic.offset + at + 8))
      needed.push(stringAt(file, sections[dynamic.link], name))
    }
  }
  return needed
}

/**
 * @param {Buffer} file
 * @param {Section[]} sections
 */
function symbolsOf(file, sections) {
  const table = sections.find((section) => section.type === SYMBOLS)
  const versions = sections.find((section) => section.type === VERSIONS)
  const names = versionNames(file, sections)
  /** @type {string[]} */
  const undefinedSymbols = []
  /** @type {Map<string, string[]>} */
  const definedSymbols = new Map()
  if (table === undefined) return { undefinedSymbols, definedSymbols }
  for (let i = 1; i < table.size / 24; i++) {
    const at = table.offset + i * 24
    const name = stringAt(file, sections[table.link], file.readUInt32LE(at))
    if (name === '') continue
    if (file.readUInt16LE(at + 6) === 0) {
      undefinedSymbols.push(name)
      continue
    }
    const number = versions ? file.readUInt16LE(versions.offset + i * 2) & 0x7fff : 1
    const version = names.get(number) ?? ''
    definedSymbols.set(name, [...(definedSymbols.get(name) ?? []), version])
  }
  return { undefinedSymbols, definedSymbols }
}

/**
 * @param {Buffer} file
 * @param {Section[]} sections
 * @returns {Map<number, string>}
 */
function versionNames(file, sections) {
  const section = sections.find(({ type }) => type === DEFINED_VERSIONS)
  /** @type {Map<number, string>} */
  const names = new Map()
  if (section === undefined) return names
  for (let at = section.offset, next = -1; next !== 0; at += next) {
    const entry = at + file.readUInt32LE(at + 12)
    names.set(
      file.readUInt16LE(at + 4),
      stringAt(file, sections[section.link], file.readUInt32LE(entry)),
    )
    next = file.readUInt32LE(at + 16)
  }
  return names
}
