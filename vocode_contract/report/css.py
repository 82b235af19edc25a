"""The style of the page, for light and for dark, on a wide screen, on a narrow one and on paper."""

CSS = """
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #fff; --ink: #1b2027; --soft: #5b6673; --line: #dfe3e8; --code: #f1f3f6;
  --good: #12703f; --good-ground: #e3f4ea; --bad: #b01c2e; --bad-ground: #fdeaec;
  --unclear: #855300; --unclear-ground: #fdf2dc; --quiet: #55606c; --quiet-ground: #eceff2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161b; --card: #1a2027; --ink: #e6e9ed; --soft: #9aa5b1; --line: #2c343d; --code: #12171c;
    --good: #6fd49b; --good-ground: #15301f; --bad: #ff97a1; --bad-ground: #3a1a1f;
    --unclear: #f2c26b; --unclear-ground: #35280f; --quiet: #a4afba; --quiet-ground: #272e36;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
code, pre { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
h1 { display: flex; align-items: center; gap: .75rem; margin: 0; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.1rem; }
ul { list-style: none; margin: 0; padding: 0; }
p { margin: 0 0 .75rem; color: var(--soft); }
dl, dd { margin: 0; }
dt { color: var(--soft); font-size: .85rem; }
.good { --tone: var(--good); --tone-ground: var(--good-ground); }
.bad { --tone: var(--bad); --tone-ground: var(--bad-ground); }
.unclear { --tone: var(--unclear); --tone-ground: var(--unclear-ground); }
.quiet { --tone: var(--quiet); --tone-ground: var(--quiet-ground); }
.verdict { padding: 1.5rem; border: 1px solid var(--line); border-top: 6px solid var(--tone); border-radius: 10px;
  background: var(--card); }
.mark { flex: none; width: 2.25rem; height: 2.25rem; border-radius: 50%; background: var(--tone); color: var(--card);
  font-size: 1.3rem; line-height: 2.25rem; text-align: center; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 1.25rem; }
.counts li, .label { border-radius: 99px; background: var(--tone-ground); color: var(--tone); }
.counts li { padding: .2rem .8rem; }
.label { display: inline-block; padding: .05rem .6rem; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.verdict dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem 1.5rem; }
.verdict dd { font-weight: 600; overflow-wrap: anywhere; }
.cause, .wide, .reasons li { margin: 0 0 .75rem; border: 1px solid var(--line); border-radius: 10px;
  background: var(--card); }
summary { padding: .75rem 1rem; cursor: pointer; overflow-wrap: anywhere; }
summary:focus-visible { outline: 2px solid var(--soft); border-radius: 10px; }
h3 { display: inline; margin: 0; font-size: inherit; font-weight: inherit; }
.number { color: var(--soft); font-variant-numeric: tabular-nums; }
.place { font-weight: 600; }
.got { color: var(--soft); }
.cause dl { padding: .25rem 1rem 1rem; border-top: 1px solid var(--line); }
.cause dl > div { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: 1rem; padding-top: .6rem; }
.cause dd { overflow-wrap: anywhere; }
pre { margin: 0; padding: .5rem .75rem; border-radius: 6px; background: var(--code); white-space: pre-wrap;
  overflow-wrap: anywhere; }
.tests li { display: inline; }
.tests li:not(:last-child)::after { content: "; "; color: var(--soft); }
.reasons li { padding: .75rem 1rem; }
.reasons .tests { color: var(--soft); font-size: .85rem; }
.reasons .tests li { padding: 0; border: 0; margin: 0; }
.reasons p { margin: .25rem 0 0; color: var(--ink); overflow-wrap: anywhere; }
.wide { overflow-x: auto; padding: .25rem 1rem .75rem; }
caption { padding: .6rem 0; color: var(--soft); text-align: left; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-size: .85rem; font-weight: 500; }
tbody th { font-weight: 600; }
.claims tbody th { padding-top: .9rem; }
.claims tbody tr:nth-child(2) > * { border-top: 0; }
.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.claims tr > :nth-child(3) { padding-right: 0; text-align: right; }
.policies p { margin: 0; font-weight: 400; }
footer { margin-top: 2rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 40rem) {
  main { padding: 1rem .75rem; }
  .cause dl > div { grid-template-columns: minmax(0, 1fr); gap: 0; }
}
@media print {
  :root { color-scheme: light; }
  body { background: none; }
  .cause::details-content { content-visibility: visible; display: block; }
  .cause > dl > div, tr { break-inside: avoid; }
  summary { break-after: avoid; }
}
"""
