/** For `node --import`: the modules that the environment names get another text (see hooks.ts). */
import * as loader from 'node:module'
import * as hooks from './hooks.ts'

interface Synchronous {
  /** Node 22.15 and later: in this thread, so that nothing is started for it. */
  readonly registerHooks?: (hooks: object) => void
}

const { registerHooks } = loader as Synchronous
if (registerHooks === undefined) loader.register(new URL('./hooks.js', import.meta.url))
else registerHooks({ resolve: hooks.resolve, load: hooks.load })
