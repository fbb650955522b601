/** Unpacks Debian's packages for another CPU into a folder, and changes nothing of this machine. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from './tools.js'

/**
 * @param {string} arch as Debian calls it
 * @param {(string | RegExp)[]} packages by name, or the newest whose name matches (POSIX, extended)
 * @returns {string | null} the folder; null where there is no apt that knows them
 */
export function fetchDebian(arch, packages) {
  const names = packages.map((one) => (typeof one === 'string' ? one : one.source))
  const folder = join(CACHE, `debian-${arch}-${names.join('_').replaceAll(/[^\w-]/g, '')}`)
  if (existsSync(folder)) return folder
  const unfinished = `${folder}.${process.pid}`
  try {
    const apt = aptIn(join(unfinished, 'apt'), arch)
    apt('apt-get', 'update', '-qq')
    for (const one of packages) {
      const name = typeof one === 'string' ? one : newest(apt, one)
      apt('apt-get', 'download', '-qq', `${name}:${arch}`)
    }
    const debs = readdirSync(join(unfinished, 'apt')).filter((file) => file.endsWith('.deb'))
    for (const deb of debs) {
      execFileSync('dpkg', ['-x', join(unfinished, 'apt', deb), join(unfinished, 'root')])
    }
    renameSync(join(unfinished, 'root'), folder)
    return folder
  } catch (error) {
    console.log(`not to be had here: ${names.join(', ')} for ${arch} (${String(error)})`)
    return null
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/**
 * Makes an apt that has lists and downloads of its own; the sources and keys are this machine's.
 *
 * @param {string} folder
 * @param {string} arch
 */
function aptIn(folder, arch) {
  for (const path of ['lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(folder, path), { recursive: true })
  }
  const own = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim()
  const options = [
    `APT::Architectures::=${own}`,
    `APT::Architectures::=${arch}`,
    `APT::Sandbox::User=root`,
    `Dir::State::lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
  ].flatMap((option) => ['-o', option])
  /** @param {string} command @param {string[]} given @returns {string} */
  return (command, ...given) =>
    execFileSync(command, [...options, ...given], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
}

/** @param {ReturnType<typeof aptIn>} apt @param {RegExp} pattern */
function newest(apt, pattern) {
  const found = apt('apt-cache', 'search', '--names-only', pattern.source)
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => pattern.test(name))
  const last = found.toSorted(new Intl.Collator('en', { numeric: true }).compare).at(-1)
  if (last === undefined) throw new Error(`no package matches ${pattern.source}`)
  return last
}
