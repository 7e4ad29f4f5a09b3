/** The report's style sheet: system fonts, one column for phones, light and dark by the reader's setting. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --surface: #fdfdfb; --raised: #f4f3ee; --text: #1c1e21; --muted: #5b6167; --rule: #dcdad3;
  --first: #1d5fae; --second: #b8480f; --third: #14735a; --fourth: #7446a0; --good: #14735a; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --surface: #14161a; --raised: #1d2025; --text: #e7e5df; --muted: #a3a8ae; --rule: #34383e;
    --first: #7fb3f2; --second: #f2a066; --third: #63c9a4; --fourth: #c6a1ea; --good: #63c9a4; --bad: #f28b82;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--surface); color: var(--text);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word;
}
.page { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem 4rem; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--surface); padding: .5rem 1rem; }
h1, h2, h3 { font-family: ui-serif, "Iowan Old Style", Charter, Georgia, serif; font-weight: 600; line-height: 1.2; text-wrap: balance; }
h1 { font-size: clamp(2rem, 6vw, 3rem); margin: 3.5rem 0 .75rem; letter-spacing: -.01em; }
h2 { font-size: clamp(1.5rem, 4vw, 1.9rem); margin: 0 0 1rem; }
h3 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
h4 { font-size: .9375rem; margin: 0 0 .25rem; color: var(--muted); font-weight: 600; }
p { margin: 0 0 1rem; max-width: 44rem; }
a { color: var(--first); text-underline-offset: .15em; }
sub, sup { line-height: 0; font-size: .75em; }
.lead { font-size: 1.2rem; color: var(--muted); }
.eyebrow { color: var(--muted); font-size: .875rem; letter-spacing: .06em; text-transform: uppercase; margin: 0 0 .35rem; }
section { border-top: 1px solid var(--rule); margin-top: 3.5rem; padding-top: 2rem; }
.statement { border-left: 3px solid var(--first); padding: .1rem 0 .1rem 1rem; margin: 0 0 1.25rem; max-width: 44rem; }
.statement p { margin: 0; }
.statement .by { color: var(--muted); font-size: .875rem; }
.scroll { overflow-x: auto; margin: 1.25rem 0; -webkit-overflow-scrolling: touch; }
.scroll:focus-visible { outline: 2px solid var(--first); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .9375rem; line-height: 1.4; font-variant-numeric: tabular-nums; min-width: min(100%, 38rem); }
caption { text-align: left; color: var(--muted); font-size: .9375rem; padding: 0 0 .5rem; }
th, td { padding: .45rem .9rem .45rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
thead th, thead th.number { font-weight: 600; color: var(--muted); font-size: .875rem; line-height: 1.3; vertical-align: bottom; white-space: normal; }
tbody th { font-weight: 400; }
tbody th:not(.number) { min-width: 6rem; }
.wide tbody th { min-width: 9rem; }
.wide td { white-space: nowrap; }
.wide td.text { white-space: normal; min-width: 10rem; }
td.number, th.number { text-align: right; white-space: nowrap; }
.findings table { min-width: 100%; }
.findings tbody th { min-width: 14rem; }
.findings td { white-space: nowrap; }
.yes, .no { font-weight: 600; }
.yes { color: var(--good); }
.no { color: var(--bad); }
.figures { display: grid; gap: 2.25rem 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); margin: 1.75rem 0; align-items: start; }
.figures.narrow { grid-template-columns: repeat(auto-fit, minmax(min(100%, 13.5rem), 1fr)); gap: 2rem 1rem; }
figure { margin: 0; min-width: 0; max-width: 30rem; }
figure > h3, figure > h4 { margin: 0 0 .6rem; font: 600 1rem/1.35 system-ui, sans-serif; color: var(--text); }
figure svg { display: block; width: 100%; height: auto; }
figcaption { color: var(--muted); font-size: .875rem; line-height: 1.5; margin-top: .5rem; }
details { margin-top: .5rem; font-size: .875rem; }
summary { cursor: pointer; color: var(--first); padding: .35rem 0; }
details .scroll { max-height: 22rem; overflow: auto; }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: 0 0 .5rem; padding: 0; list-style: none; font-size: .875rem; color: var(--muted); }
.key svg { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; vertical-align: -.05rem; }
.pair { display: grid; gap: 1rem 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); margin: 1rem 0; }
.names { word-spacing: .35em; }
.names s { color: var(--muted); }
.note { color: var(--muted); font-size: .875rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
nav ol { margin: 0; padding-left: 1.25rem; columns: 20rem; }
nav li { padding: .2rem 0; }
code { font: .9em ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: var(--raised); padding: .1em .3em; border-radius: 3px; }
footer h2 { color: var(--text); }
footer { border-top: 1px solid var(--rule); margin-top: 3.5rem; padding-top: 1.5rem; color: var(--muted); font-size: .9375rem; }
@media (max-width: 36rem) {
  table { font-size: .8125rem; min-width: 0; }
  th, td { padding-right: .5rem; }
  .stacks thead { display: none; }
  .stacks tr { display: block; padding: .6rem 0; border-bottom: 1px solid var(--rule); }
  .stacks th, .stacks td, .stacks td.text { display: block; border: 0; padding: .1rem 0; white-space: normal; min-width: 0; font-size: .9375rem; }
  .stacks td[data-label]::before { content: attr(data-label) ": "; color: var(--muted); }
}
@media print { details, .skip { display: none; } section { break-inside: avoid-page; } }
`.trim();
