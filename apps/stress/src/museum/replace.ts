/**
 * A module for `node --import`: it gives the modules that the environment names another text (see hooks.ts).
 */
import * as loader from 'node:module'
import * as hooks from './hooks.ts'

interface Synchronous {
  /** In Node 22.15 and later the hooks run in this thread, so that no other thread is started for them. */
  readonly registerHooks?: (hooks: object) => void
}

const { registerHooks } = loader as Synchronous
if (registerHooks === undefined) loader.register(new URL('./hooks.js', import.meta.url))
else registerHooks({ resolve: hooks.resolve, load: hooks.load })
