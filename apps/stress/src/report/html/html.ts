import { coverageSection, mutantsSection, programsSection, runsSection } from './done.ts'
import { failureSection } from './failure.ts'
import { element, join, type Html } from './markup.ts'
import type { Report, Verdict } from '../report.ts'
import { STYLE } from './style.ts'

const TITLES: Record<Verdict, string> = {
  held: 'Held',
  violated: 'Violated',
  unknown: 'Unknown',
  'not done': 'Not done',
}

/** A report as one page that needs nothing else: no script, no font, no other file. */
export function html(report: Report): string {
  const { verdict, command } = report
  const page = element(
    'html',
    { lang: 'en' },
    element(
      'head',
      {},
      element('meta', { charset: 'utf-8' }),
      element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      element('meta', { name: 'color-scheme', content: 'light dark' }),
      element('title', {}, `${TITLES[verdict]}: stress ${command}`),
      element('style', {}, { html: STYLE }),
    ),
    element('body', {}, header(report), main(report), footer(report)),
  )
  return `<!doctype html>\n${page.html}\n`
}

function header(report: Report): Html {
  const { verdict, text, command, arguments: args, seed, elapsedMs, failures } = report
  const facts = [
    ['command', ['stress', command, ...args].join(' ')],
    ...(seed === null ? [] : [['seed', String(seed)]]),
    ['time', duration(elapsedMs)],
  ] as const
  return element(
    'header',
    { class: `banner ${verdict.replace(' ', '-')}` },
    element('p', { class: 'badge' }, TITLES[verdict]),
    element('h1', {}, sentence(failures[0]?.verdict ?? text)),
    element(
      'dl',
      { class: 'facts' },
      ...facts.map(([name, value]) =>
        element('div', {}, element('dt', {}, name), element('dd', {}, value)),
      ),
    ),
  )
}

/** Leaves out the word that stands above it already. */
function sentence(text: string): string {
  const said = text.replace(/^[A-Z ]+: /, '')
  return said.charAt(0).toUpperCase() + said.slice(1)
}

function main(report: Report): Html {
  return element(
    'main',
    {},
    join(report.failures.map((failure, i) => failureSection(failure, i, report.failures.length))),
    report.coverage.length > 0 ? coverageSection(report.coverage) : '',
    report.programs.length > 0 ? programsSection(report.programs) : '',
    report.runs === null ? '' : runsSection(report.runs),
    report.mutants.length > 0 ? mutantsSection(report.mutants, report.mutantsLeft) : '',
  )
}

function footer({ started, platform }: Report): Html {
  return element('footer', {}, `@ipc/stress · ${started} · ${platform}`)
}

function duration(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}
