import type { Standing, WordAtEnd } from '@ipc/explorer/engine'
import type {
  ExploredFailure,
  Exploration,
  Failure,
  HistoryTimeline,
  RealFailure,
} from '../report.ts'
import { element, join, type Content, type Html } from './markup.ts'
import { drawTimeline } from './timeline.ts'

export function failureSection(failure: Failure, index: number, count: number): Html {
  const number = count > 1 ? `${index + 1} of ${count}: ` : ''
  // The verdict of the only failure stands at the head of the page already.
  const title = count > 1 ? element('h2', {}, failure.verdict) : ''
  return failure.half === 'explored'
    ? explored(failure, `${number}found by exploring`, title)
    : real(failure, `${number}broken in a real run`, title)
}

/* ---- explored ----------------------------------------------------------------------------------- */

function explored(failure: ExploredFailure, label: string, title: Content): Html {
  const { timeline } = failure
  const { preemptions, rows } = timeline
  const steps = rows.filter(({ kind }) => kind === 'step' || kind === 'sleep').length
  return element(
    'section',
    { class: 'failure' },
    element('p', { class: 'label' }, label),
    title,
    program(failure),
    element('h3', {}, 'What happened'),
    element(
      'p',
      { class: 'note' },
      `${steps} steps, ${preemptions} ${preemptions === 1 ? 'preemption' : 'preemptions'}; ` +
        `found by “${failure.strategy}”. Time goes downwards, one column per thread.`,
    ),
    drawTimeline(timeline),
    legend(),
    element(
      'div',
      { class: 'ending' },
      element('div', {}, element('h3', {}, 'How they stand'), standings(timeline.agents)),
      element('div', {}, element('h3', {}, 'The shared words'), words(timeline.memory)),
    ),
    replay(failure.replay),
  )
}

function program({ program: text, agents, faults }: ExploredFailure): Html {
  return element(
    'div',
    { class: 'program' },
    element('h3', {}, 'The program'),
    element(
      'ol',
      { class: 'agents' },
      ...agents.map((agent, i) =>
        element(
          'li',
          { style: `--agent:var(--agent-${i % 6})` },
          element('b', {}, `T${i}`),
          ' ',
          element('code', {}, agent),
        ),
      ),
    ),
    faults === '' ? '' : element('p', { class: 'note' }, faults),
    element('p', { class: 'note' }, element('code', {}, text)),
  )
}

const STATES: Record<Standing['state'], string> = {
  asleep: '☾ asleep',
  dead: '† dead',
  finished: '■ over',
  ready: '▶ ready',
}

function standings(agents: readonly Standing[]): Html {
  return element(
    'ul',
    { class: 'standings' },
    ...agents.map(({ name, state, text }, i) =>
      element(
        'li',
        { class: state, style: `--agent:var(--agent-${i % 6})` },
        element('b', {}, name),
        element('span', { class: 'state' }, STATES[state]),
        state === 'asleep' || state === 'ready' ? element('span', { class: 'why' }, text) : '',
      ),
    ),
  )
}

function words(memory: readonly WordAtEnd[]): Html {
  return element(
    'table',
    { class: 'words' },
    element(
      'tbody',
      {},
      ...memory.map(({ name, value, shown }) =>
        element(
          'tr',
          {},
          element('th', {}, name),
          element('td', {}, ...shown.split('+').map(chip)),
          element('td', { class: 'hex' }, `0x${(value >>> 0).toString(16).padStart(8, '0')}`),
        ),
      ),
    ),
  )
}

function chip(text: string): Html {
  const agent = /^T(\d)$/.exec(text)?.[1]
  if (agent === undefined)
    return element('span', { class: /^\d/.test(text) ? 'plain' : 'chip' }, text)
  return element(
    'span',
    { class: 'chip owner', style: `--agent:var(--agent-${Number(agent) % 6})` },
    text,
  )
}

function legend(): Html {
  const lines = [
    ['ready', 'could go on'],
    ['asleep', 'asleep'],
    ['dead', 'dead'],
    ['over', 'has ended'],
  ] as const
  return element(
    'p',
    { class: 'legend' },
    ...lines.map(([line, text]) =>
      element('span', {}, element('i', { class: `line-${line}` }), text),
    ),
    element('span', {}, element('span', { class: 'icon' }, '‖'), 'preempted: another goes on'),
  )
}

function replay(command: string): Html {
  return element(
    'div',
    { class: 'replay' },
    element('h3', {}, 'Again'),
    element('pre', { tabindex: 0 }, element('code', {}, command)),
  )
}

/* ---- real runs ---------------------------------------------------------------------------------- */

function real(failure: RealFailure, label: string, title: Content): Html {
  const { violations, program: lines, asleep, after, shrinks } = failure
  return join([
    element(
      'section',
      { class: 'failure' },
      element('p', { class: 'label' }, label),
      title,
      ...violations.flatMap(({ law, object, text, timeline }) => [
        element('h3', {}, object === null ? law : `${law}: ${object}`),
        element('p', {}, text),
        timeline === null ? '' : history(timeline),
      ]),
      asleep.length === 0
        ? ''
        : element('ul', { class: 'asleep' }, ...asleep.map((line) => element('li', {}, line))),
      element('h3', {}, 'The program'),
      element('pre', { tabindex: 0 }, lines.join('\n')),
      element(
        'p',
        { class: 'note' },
        `${after} programs had held before; ${shrinks} smaller ones failed too, of which this is the ` +
          'smallest. Real runs are not deterministic: a replay may need some runs.',
      ),
      replay(failure.replay),
    ),
    failure.explored === null ? '' : exploration(failure.explored),
  ])
}

function history({ columns, rows }: HistoryTimeline): Html {
  const head = ['moment', ...columns].map((name) => element('th', {}, name))
  return element(
    'div',
    { class: 'scroller' },
    element(
      'table',
      { class: 'history' },
      element('thead', {}, element('tr', {}, ...head)),
      element(
        'tbody',
        {},
        ...rows.map(({ at, column, text }) =>
          element(
            'tr',
            {},
            element('td', { class: 'number' }, String(at)),
            ...columns.map((_, i) =>
              element(
                'td',
                { style: `--agent:var(--agent-${i % 6})` },
                i === column ? element('span', { class: 'call' }, text) : '',
              ),
            ),
          ),
        ),
      ),
    ),
  )
}

/** The section on the same program in the explorer, step by step. */
function exploration({ differences, covered, failure }: Exploration): Html {
  const notes = differences.map((line) => element('li', {}, line))
  const list = notes.length === 0 ? '' : element('ul', { class: 'note' }, ...notes)
  if (failure !== null) {
    const title = element('h2', {}, failure.verdict)
    return join([explored(failure, 'the same program, explored', title), list])
  }
  return element(
    'section',
    {},
    element('p', { class: 'label' }, 'the same program, explored'),
    element('p', {}, covered),
    list,
  )
}
