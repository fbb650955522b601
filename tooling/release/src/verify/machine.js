/** A virtual machine for arm64 that runs one script and ends: a real kernel, on emulated processors. */
import { spawnSync } from 'node:child_process'
import { statSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

export const MACHINE = 'qemu-system-aarch64'

/**
 * @typedef {string | { text: string, executable?: boolean }} Content a file or folder of this machine,
 *   or a text
 * @typedef {Map<string, Content>} Files by their path there
 */

/**
 * @param {object} what
 * @param {string} what.kernel
 * @param {Files} what.files with /bin/busybox
 * @param {string} what.script for its shell, which runs as root; /dev/shm exists
 * @param {string} what.folder for the image
 * @param {number} what.watchdogMs
 * @returns {string} what the script printed
 */
export function runInMachine({ kernel, files, script, folder, watchdogMs }) {
  const image = join(folder, 'image.cpio')
  const init = { text: INIT.replace('SCRIPT', () => script), executable: true }
  writeFileSync(image, archive(new Map([...files, ['init', init]])))
  const options = `
    -machine virt -cpu max -smp 2 -m 2048 -accel tcg,thread=multi
    -nodefaults -no-reboot -display none -serial stdio -monitor none`
  const run = spawnSync(
    MACHINE,
    [
      ...options.trim().split(/\s+/),
      '-kernel',
      kernel,
      '-initrd',
      image,
      '-append',
      'console=ttyAMA0 quiet loglevel=3 panic=-1',
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: watchdogMs },
  )
  const said = run.stdout.replaceAll('\r', '')
  const [, printed] = /^begin\n(.*)^end\n/ms.exec(said) ?? []
  if (printed === undefined) throw new Error(`the machine did not end: ${said}${run.stderr}`)
  return printed
}

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm
mount -t tmpfs -o mode=1777 shm /dev/shm
echo begin
SCRIPT
echo end
poweroff -f
`

/**
 * Makes an archive that the kernel unpacks into its first file system.
 *
 * Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst
 *
 * @param {Files} files
 */
function archive(files) {
  /** @type {Map<string, { mode: number, data: Buffer }>} */
  const entries = new Map()
  /** @param {string} path @param {number} mode @param {Buffer} data */
  const add = (path, mode, data) => {
    const parent = dirname(path)
    if (parent !== '.' && !entries.has(parent)) add(parent, DIRECTORY, Buffer.alloc(0))
    entries.set(path, { mode, data })
  }
  /** @param {string} path @param {string} from */
  const addFile = (path, from) => {
    const stat = statSync(from)
    if (stat.isDirectory()) {
      for (const name of readdirSync(from)) addFile(posix.join(path, name), join(from, name))
    } else {
      add(path, stat.mode & 0o111 ? EXECUTABLE : PLAIN, readFileSync(from))
    }
  }
  for (const path of ['proc', 'sys', 'dev', 'tmp']) add(path, DIRECTORY, Buffer.alloc(0))
  for (const [path, what] of files) {
    if (typeof what === 'string') addFile(path, what)
    else add(path, what.executable ? EXECUTABLE : PLAIN, Buffer.from(what.text))
  }
  const last = entry('TRAILER!!!', 0, 0, Buffer.alloc(0))
  const all = [...entries].map(([path, { mode, data }], i) => entry(path, i + 1, mode, data))
  return Buffer.concat([...all.flat(), ...last])
}

const DIRECTORY = 0o040755
const EXECUTABLE = 0o100755
const PLAIN = 0o100644

/** @param {string} path @param {number} number @param {number} mode @param {Buffer} data */
function entry(path, number, mode, data) {
  const name = Buffer.from(`${path}\0`)
  const fields = [number, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0]
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  return [aligned(Buffer.concat([Buffer.from(head), name])), aligned(data)]
}

/** @param {Buffer} data */
function aligned(data) {
  return Buffer.concat([data, Buffer.alloc(-data.length & 3)])
}
