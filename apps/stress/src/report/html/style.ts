/** The style is for light and dark, narrow and wide pages. */
export const STYLE = `
:root {
  --paper: #fbfaf8; --sheet: #ffffff; --ink: #1c1b22; --soft: #63616e; --rule: #e4e1dc;
  --good: #17714a; --good-paper: #e3f4ea; --bad: #b3261e; --bad-paper: #fdeae7;
  --odd: #8a5a00; --odd-paper: #fbf0d9; --shade: #f3f1ed;
  --agent-0: #2f6fde; --agent-1: #c2571a; --agent-2: #7a3fc0; --agent-3: #0f8277;
  --agent-4: #b02a6b; --agent-5: #5d6b1c;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131318; --sheet: #1c1c23; --ink: #ecebf1; --soft: #a3a1b0; --rule: #33323d;
    --good: #69d49d; --good-paper: #14301f; --bad: #ff8a7d; --bad-paper: #3a1714;
    --odd: #f0c060; --odd-paper: #35280d; --shade: #24242d;
    --agent-0: #7aa9ff; --agent-1: #f29a63; --agent-2: #bf95f5; --agent-3: #55cbbd;
    --agent-4: #f07fb2; --agent-5: #bfce6b;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
code, pre, .row, .hex, .history td { font-family: var(--mono); font-size: .875em; }
h1 { font-size: clamp(1.5rem, 4vw, 2.25rem); line-height: 1.2; margin: .5rem 0 1.25rem; text-wrap: balance; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h3 { font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); margin: 2rem 0 .6rem; }
.note { color: var(--soft); margin: .25rem 0 .75rem; }

.banner { padding-top: clamp(2rem, 6vw, 4rem); }
.badge { display: inline-block; margin: 0; padding: .2rem .8rem; border-radius: 99rem; font-weight: 700; font-size: .9rem; color: var(--odd); background: var(--odd-paper); }
.held .badge { color: var(--good); background: var(--good-paper); }
.violated .badge { color: var(--bad); background: var(--bad-paper); }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 0 0 1rem; }
.facts dt { font-size: .8rem; color: var(--soft); }
.facts dd { margin: 0; font-family: var(--mono); font-size: .875rem; overflow-wrap: anywhere; }

section { background: var(--sheet); border: 1px solid var(--rule); border-radius: 14px; padding: clamp(1rem, 3vw, 2rem); margin: 1.5rem 0; }
.label { margin: 0 0 .25rem; font-size: .85rem; font-weight: 600; color: var(--soft); }
.failure h2 { color: var(--bad); }
.agents { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem; }
.agents li { border: 1px solid var(--rule); border-left: 4px solid var(--agent); border-radius: 8px; padding: .35rem .75rem; }
.agents b, .lane-head b, .standings b { color: var(--agent); }

.scroller { overflow-x: auto; margin: 0 calc(-1 * clamp(1rem, 3vw, 2rem)); padding: 0 clamp(1rem, 3vw, 2rem); }
.timeline {
  display: grid; min-width: calc(3rem + var(--columns) * 13.5rem);
  grid-template-columns: 3rem repeat(var(--columns), minmax(0, 1fr));
}
.lane-head { grid-row: 1; padding: .4rem .75rem; background: var(--sheet); border-bottom: 2px solid var(--agent); font-size: 1.05rem; }
.corner { border-bottom-color: var(--rule); font-size: .75rem; color: var(--soft); align-content: end; padding-left: 0; }
.number { grid-column: 1; position: sticky; left: 0; color: var(--soft); font: .75rem/1.9 var(--mono); padding-top: .55rem; text-align: left; }
.lane { position: relative; padding: .3rem .6rem; min-height: 1rem; }
.lane::before {
  content: ""; position: absolute; z-index: 0; top: 0; bottom: 0; left: 1.35rem; width: 0;
  border-left: 2px solid transparent;
}
.line-ready::before, i.line-ready { border-left-color: color-mix(in srgb, var(--agent, var(--soft)) 45%, transparent) !important; }
.line-asleep::before, i.line-asleep { border-left: 4px dotted var(--agent, var(--soft)) !important; }
.line-asleep { background: repeating-linear-gradient(135deg, transparent 0 6px, color-mix(in srgb, var(--agent, var(--soft)) 7%, transparent) 6px 12px); }
.line-dead::before, i.line-dead { border-left: 2px dashed var(--bad) !important; opacity: .7; }
.line-over::before, i.line-over { border-left: 2px solid var(--rule) !important; }
.card {
  position: relative; z-index: 1; background: color-mix(in srgb, var(--agent) 6%, var(--sheet));
  border: 1px solid color-mix(in srgb, var(--agent) 35%, var(--rule)); border-left: 4px solid var(--agent);
  border-radius: 8px; padding: .3rem .1rem .3rem .6rem; overflow: hidden;
}
.who { float: right; margin: 0 .5rem 0 0; font-size: .72rem; font-weight: 700; color: var(--agent); opacity: .75; }
.row { padding: .02rem .6rem .02rem 1.1rem; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.55; }
.row.call { padding-left: 0; font-weight: 700; margin-top: .1rem; }
.row.return { color: var(--soft); font-style: italic; }
.row.end, .row.preempted { color: var(--soft); padding-left: 0; font-family: inherit; }
.row.sleep, .row.wake, .row.fault, .row.death, .row.wrong { margin: .2rem .5rem .2rem 0; padding: .15rem .5rem; border-radius: 6px; font-weight: 600; }
.row.sleep { background: color-mix(in srgb, var(--agent) 16%, var(--sheet)); }
.row.wake { color: var(--good); background: var(--good-paper); }
.row.fault { color: var(--odd); background: var(--odd-paper); }
.row.death, .row.wrong { color: var(--bad); background: var(--bad-paper); }
.lane:has(> .aside) { align-content: end; }
.aside { border-style: dotted; border-left: 4px solid var(--agent); }
.ends-preempted { border-bottom-style: dashed; }
.icon { display: inline-block; width: 1.4em; font-style: normal; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; color: var(--soft); font-size: .85rem; margin: .75rem 0 0; }
.legend i { display: inline-block; height: 1.1em; vertical-align: -.2em; margin-right: .5rem; background: none; border-left: 2px solid; }

.ending { display: grid; gap: 0 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.standings { list-style: none; margin: 0; padding: 0; }
.standings li { display: grid; grid-template-columns: 2.2rem 6rem 1fr; gap: .25rem .5rem; padding: .45rem 0; border-top: 1px solid var(--rule); }
.standings li:first-child, .words tr:first-child > * { border-top: 0; }
.standings .why { grid-column: 2 / -1; font-family: var(--mono); font-size: .84rem; overflow-wrap: anywhere; }
.standings .asleep .state { font-weight: 700; } .standings .dead .state { color: var(--bad); } .standings .finished .state { color: var(--soft); }
table { border-collapse: collapse; }
.words { width: 100%; }
.words th { text-align: left; font: 600 .875rem var(--mono); }
.words th, .words td { border-top: 1px solid var(--rule); padding: .45rem .75rem .45rem 0; vertical-align: middle; }
.words .hex { color: var(--soft); text-align: right; padding-right: 0; }
.chip, .plain { display: inline-block; font: .84rem var(--mono); margin-right: .35rem; }
.chip { padding: .05rem .5rem; border-radius: 6px; background: var(--odd-paper); color: var(--odd); font-weight: 600; }
.chip.owner { background: color-mix(in srgb, var(--agent) 15%, var(--sheet)); color: var(--agent); }

pre { margin: 0; padding: .8rem 1rem; background: var(--shade); border-radius: 8px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.done { width: 100%; font-size: .92rem; }
.done th, .history th { text-align: left; font-size: .8rem; font-weight: 600; color: var(--soft); border-bottom: 2px solid var(--rule); padding: .4rem 1rem .4rem 0; white-space: nowrap; }
.done td { padding: .4rem 1rem .4rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
.done .count { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.done tr:last-child td { border-bottom: 0; }
.good::before { content: "✓ "; color: var(--good); font-weight: 700; }
.bad { color: var(--bad); } span.bad::before { content: "✗ "; font-weight: 700; }
.part::before { content: "◐ "; color: var(--odd); font-weight: 700; }
.scroller + .scroller { margin-top: 1.75rem; }
.history { min-width: 100%; }
.history td { padding: .2rem 1rem .2rem 0; border-bottom: 1px solid var(--rule); white-space: nowrap; }
.history td.number { grid-column: auto; }
.history .call { display: inline-block; padding: .05rem .55rem; border-left: 3px solid var(--agent); border-radius: 5px; background: color-mix(in srgb, var(--agent) 9%, var(--sheet)); }
.asleep { padding-left: 1.2rem; }
footer { color: var(--soft); font-size: .85rem; padding-top: .5rem; padding-bottom: 3rem; }
@media (max-width: 40rem) {
  .timeline { min-width: calc(2rem + var(--columns) * 12rem); grid-template-columns: 2rem repeat(var(--columns), minmax(0, 1fr)); }
  .lane { padding: .25rem .3rem; } .lane::before { left: .9rem; }
  code, pre, .row { font-size: .8rem; }
}
@media print { body { background: #fff; } section { break-inside: avoid-page; } .scroller { overflow: visible; } }
`
