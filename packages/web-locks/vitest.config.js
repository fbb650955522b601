export { default } from '@ipc/vitest-config'
