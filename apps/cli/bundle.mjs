/**
 * Makes `dist/bundle` of `dist`: a few CommonJS files. Node needs as long to load some seventy small
 * modules as to start, and the work of `ipc run` itself is little beside that.
 */
import { copyFileSync } from 'node:fs'
import { rolldown } from 'rolldown'

const NATIVE = /\/packages\/native\/dist\/index\.js$/

/**
 * The addon stays in @ipc/native. The bundle searches for its folder, which is as good as to resolve the
 * name and saves loading the resolver. Where there are no folders (Yarn's PnP), it resolves the name.
 */
const NATIVE_HOME = `require('node:url').pathToFileURL(
  module.paths.map((path) => path + '/@ipc/native/dist/index.js').find(require('node:fs').existsSync)
    ?? require.resolve('@ipc/native')
).href`

/** Stubs for modules that ipc never uses: it has no threads, and no programs of its own. */
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
// The licence of commander. It has this name because pnpm adds no licence of ours to a package that
// has some LICENSE.
copyFileSync('node_modules/commander/LICENSE', 'dist/bundle/commander.txt')
