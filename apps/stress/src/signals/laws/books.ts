import type { Law } from './law.ts'

/** The counters of the library agree with what came. */
export const counters: Law = ({ trace: { end, delivered } }) => {
  if (end === null) return []
  if (end.lost > 0) return [{ law: 'no overflow', signal: null, text: `${end.lost} were lost` }]
  if (delivered.length <= end.received) return []
  const text = `${delivered.length} came, ${end.received} were counted`
  return [{ law: 'what comes is counted', signal: null, text }]
}

/** When everything is given back, the kernel's view of the process is what it was before. */
export const givenBack: Law = ({ trace: { end } }) => {
  if (end === null || end.leftOver === '') return []
  return [{ law: 'what is given back is as it was', signal: null, text: end.leftOver }]
}
