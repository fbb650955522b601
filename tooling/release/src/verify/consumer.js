/** A project outside the workspace, like that of a user. */
import { cpSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { output, plainEnvironment } from './tools.js'

const RUN = fileURLToPath(new URL('programs/run.mjs', import.meta.url))

/** The module systems: the file, and how it loads a package. */
export const ENTRIES = new Map([
  [
    'entry.mjs',
    /** @param {string} name */
    (name) =>
      `import * as api from '@ipc/${name}'\nimport { run } from './run.mjs'\nawait run('${name}', api)\n`,
  ],
  [
    'entry.cjs',
    /** @param {string} name */
    (name) =>
      `const api = require('@ipc/${name}')\nimport('./run.mjs').then(({ run }) => run('${name}', api))\n`,
  ],
])

export class Consumer {
  /** @param {string} folder @param {string} registry */
  constructor(folder, registry) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n')
    writeFileSync(join(folder, '.npmrc'), `@ipc:registry=${registry}\nfund=false\naudit=false\n`)
    cpSync(RUN, join(folder, 'run.mjs'))
  }

  /** @param {string[]} given to npm */
  npm(...given) {
    return output('npm', given, { cwd: this.folder })
  }

  /** @param {string} name @param {string} text */
  write(name, text) {
    writeFileSync(join(this.folder, name), text)
  }

  /**
   * @param {string} file
   * @param {{ node?: string, env?: NodeJS.ProcessEnv }} [options]
   */
  run(file, { node = process.execPath, env = {} } = {}) {
    const all = { ...plainEnvironment(), IPC_DIR: join(this.folder, '.ipc'), ...env }
    return output(node, [file], { cwd: this.folder, env: all }).trim()
  }

  /** Loads the package in both ways and uses it. @param {string} name @param {string} [node] */
  use(name, node = process.execPath) {
    return [...ENTRIES].map(([file, text]) => {
      this.write(file, text(name))
      return this.run(file, { node })
    })
  }

  /** @returns {{ files: number, bytes: number, packages: string[] }} */
  installed() {
    const root = join(this.folder, 'node_modules')
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('.'))
      .map((path) => ({ path, stat: lstatSync(join(root, path)) }))
      .filter(({ stat }) => stat.isFile())
    return {
      files: files.length,
      bytes: files.reduce((sum, { stat }) => sum + stat.size, 0),
      packages: files
        .filter(({ path }) => path.endsWith('/package.json'))
        .map(({ path }) => path.replace('/package.json', ''))
        .toSorted(),
    }
  }
}
