/**
 * Makes `dist/bundle` of `dist`: few CommonJS files. To load some seventy small modules takes Node
 * as long as to start, and what `ipc run` does itself is little beside that.
 */
import { copyFileSync } from 'node:fs'
import { rolldown } from 'rolldown'

const NATIVE = /\/packages\/native\/dist\/index\.js$/

/**
 * The addon stays in @ipc/native. To look for the folder is as good as to resolve the name (where
 * there are folders: not so in Yarn's PnP), and saves loading what resolves names.
 */
const NATIVE_HOME = `require('node:url').pathToFileURL(
  module.paths.map((path) => path + '/@ipc/native/dist/index.js').find(require('node:fs').existsSync)
    ?? require.resolve('@ipc/native')
).href`

/** What is loaded for things that ipc never does: it has no threads, and no programs of its own. */
const WITHOUT = {
  'node:worker_threads':
    'exports.isMainThread = true; exports.threadId = 0; exports.getEnvironmentData = exports.setEnvironmentData = () => {}',
  'node:child_process': '',
}

const findsTheAddon = {
  name: 'finds-the-addon',
  transform: (code, id) =>
    NATIVE.test(id)
      ? code
          .replace("import { createRequire } from 'node:module';", '')
          .replace('createRequire(import.meta.url)', 'require')
          .replace('import.meta.url', NATIVE_HOME)
      : undefined,
}

const doesWithout = {
  name: 'does-without',
  resolveId: (id) => (Object.hasOwn(WITHOUT, id) ? { id: `without ${id}` } : undefined),
  load: (id) => {
    const code = WITHOUT[id.replace(/^without /, '')]
    return code === undefined ? undefined : { code: `${code}\nmodule.exports`, moduleType: 'js' }
  },
}

const bundle = await rolldown({
  input: 'dist/cli.js',
  platform: 'node',
  plugins: [findsTheAddon, doesWithout],
})
await bundle.write({
  dir: 'dist/bundle',
  cleanDir: true,
  format: 'cjs',
  entryFileNames: 'ipc.cjs',
  chunkFileNames: '[name].cjs',
  comments: false,
  codeSplitting: { groups: [{ name: 'locks', test: /\/packages\/(native|core|lock)\/dist\// }] },
})
await bundle.close()
// Its licence. So called because pnpm does not add ours to a package that has some LICENSE.
copyFileSync('node_modules/commander/LICENSE', 'dist/bundle/commander.txt')
