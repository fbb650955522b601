/** For authors of tools: the table of Web Locks over any `Memory`, as `ipc ls` and the explorer use it. */
export { check } from './check.ts'
export { Clients } from './clients.ts'
export { findCycles } from './cycles.ts'
export { Layout, sizesFor, type Sizes } from './layout.ts'
export { hashOf } from './names.ts'
export { repair } from './repair.ts'
export { readTable, type SeenRequest } from './snapshot.ts'
export { Table, type Wish } from './table.ts'
