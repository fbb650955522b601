import type { Coverage } from '../../subjects/survey.ts'
import { programsOf, rateOf, schedulesOf } from '../coverage.ts'
import type { SignalRuns } from '../../signals/session.ts'
import type { ExploredProgram, MutantResult, RealRuns } from '../report.ts'
import { TALLY_ROWS } from '../summary.ts'
import { count, seconds } from '../table.ts'
import { element, type Content, type Html } from './markup.ts'

/** The section on what was explored of each primitive. */
export function coverageSection(coverage: readonly Coverage[]): Html {
  return section(
    'What was explored',
    'The shipped code over a simulated memory, one step at a time. All schedules means all with at most so many preemptions, each state once.',
    table(
      [
        'primitive',
        'programs',
        'all schedules',
        '#states',
        '#random schedules',
        '#steps/s',
        '#time',
      ],
      coverage.map((one) => [
        element('b', {}, one.primitive),
        programsOf(one),
        mark(one.isWhole, schedulesOf(one), 'part'),
        count(one.states),
        count(one.schedules),
        count(rateOf(one)),
        seconds(one.ms),
      ]),
    ),
  )
}

export function programsSection(programs: readonly ExploredProgram[]): Html {
  return section(
    'What was explored',
    'The shipped code over a simulated memory, one step at a time.',
    table(
      ['program', 'covered', '#states', '#time'],
      programs.map(({ program, complete, covered, states, ms }) => [
        element('code', {}, program),
        mark(complete, covered, 'part'),
        count(states),
        seconds(ms),
      ]),
    ),
  )
}

/** The section on what was run on real threads and processes. */
export function runsSection(runs: RealRuns): Html {
  const { tallies, elapsedMs, seed, unknown, planted, signals } = runs
  const { thread, process } = tallies
  const rows = TALLY_ROWS.map(([name, of]) => [
    name,
    count(of(thread)),
    count(of(process)),
    count(of(thread) + of(process)),
  ])
  const bug = planted === undefined ? '' : ` Planted: ${planted}.`
  return section(
    'What was run',
    `Random programs on real threads and processes for ${seconds(elapsedMs)}, seed ${seed}.${bug}`,
    table(['', '#thread scope', '#process scope', '#all'], rows),
    signals === null ? '' : signalTable(signals),
    ...unknown.map((text) => element('p', { class: 'bad' }, `Unknown: ${text}`)),
  )
}

/** The section on programs of signals between processes. */
function signalTable(signals: SignalRuns): Html {
  const rows: readonly (readonly [string, number])[] = [
    ['programs of signals', signals.programs],
    ['steps of receivers', signals.steps],
    ['signals sent', signals.sent],
    ['delivered to handlers', signals.delivered],
    ['waited for', signals.taken],
    ['died of a default action', signals.deaths],
    ['killed', signals.kills],
    ['stopped for a while', signals.stops],
  ]
  return table(
    ['signals', '#all'],
    rows.map(([name, value]) => [name, count(value)]),
  )
}

export function mutantsSection(mutants: readonly MutantResult[], left: number): Html {
  const found = mutants.filter((one) => one.found).length
  const note = left > 0 ? ` There was no time for ${left} more.` : ''
  return section(
    'Planted bugs',
    `${found} of ${mutants.length} were found.${note}`,
    table(
      ['mutant', 'what is wrong with it', 'found', '#schedules, states', '#time'],
      mutants.map(({ name, what, found: isFound, how, program, schedules, ms }) => [
        element('b', {}, name),
        what,
        mark(isFound, program === null ? how : `${program}: ${how}`),
        count(schedules),
        seconds(ms),
      ]),
    ),
  )
}

function section(title: string, note: string, ...content: readonly Content[]): Html {
  return element(
    'section',
    {},
    element('h2', {}, title),
    element('p', { class: 'note' }, note),
    ...content,
  )
}

const mark = (isGood: boolean, text: string, otherwise = 'bad'): Html =>
  element('span', { class: isGood ? 'good' : otherwise }, text)

/** A column of numbers has a head that begins with #. */
function table(heads: readonly string[], rows: readonly (readonly Content[])[]): Html {
  const kind = heads.map((head) => (head.startsWith('#') ? 'count' : undefined))
  return element(
    'div',
    { class: 'scroller' },
    element(
      'table',
      { class: 'done' },
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...heads.map((head, i) => element('th', { class: kind[i] }, head.replace('#', ''))),
        ),
      ),
      element(
        'tbody',
        {},
        ...rows.map((row) =>
          element('tr', {}, ...row.map((cell, i) => element('td', { class: kind[i] }, cell))),
        ),
      ),
    ),
  )
}
