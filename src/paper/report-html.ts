import type { Figure, KeyEntry, Section } from "./exhibit.ts";
import { type Html, html, trusted } from "./html.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { renderFindings, renderTable, verdict } from "./report-tables.ts";

/** Everything the page needs. */
export interface Report {
  readonly version: string;
  readonly seed: number;
  /** How much was trained. */
  readonly plan: string;
  /** What trained. */
  readonly engine: string;
  /** The paper's five claims. */
  readonly claims: readonly Section[];
  /** The paper's figures 2 to 5, and what belongs to them. */
  readonly figures: readonly Section[];
  /** From energy-based to autoregressive models, and how far off: objectives, bounds, certificates, moments. */
  readonly distillation: readonly Section[];
  /** Real data, beyond the paper. */
  readonly further: readonly Section[];
  /** What differs from run to run, as name and value. */
  readonly measured: readonly (readonly [string, string])[];
}

/** The report as one HTML file that loads nothing: no scripts, no fonts, figures as inline SVG. */
export const renderReport = (report: Report): string => {
  const sections = [...report.claims, ...report.figures, ...report.distillation, ...report.further];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Arbel: next-token models are energy-based models, recomputed</title>
<style>
${trusted(REPORT_STYLE)}
</style>
</head>
<body>
<a class="skip" href="#content">To the content</a>
<div class="page">
${renderHeader(report)}
<main id="content">
${renderSummary(report.claims)}
<nav aria-label="Contents"><h2>Contents</h2><ol>${sections.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`)}</ol></nav>
${report.claims.map((section, index) => renderSection(section, `Claim ${index + 1}`))}
${report.figures.map((section) => renderSection(section, section.statement ? "The paper’s figures" : "Beyond the paper’s figures"))}
${report.distillation.map((section) => renderSection(section, "Distillation"))}
${report.further.map((section) => renderSection(section, "Real data"))}
</main>
${renderFooter(report)}
</div>
</body>
</html>
`.html;
};

const renderHeader = ({ claims, figures, distillation }: Report): Html => {
  const held = claims.filter(holds).length;
  const shown = [...figures, ...distillation];
  const failing = shown.filter((section) => !holds(section)).length;
  return html`<header>
<h1>A next-token model is an energy-based model</h1>
<p class="lead">The five claims of “Autoregressive Language Models are Secretly Energy-Based Models” (Blondel, Sander, Vivier-Ardisson, Liu and
Roulet, arXiv 2512.15605), recomputed exactly; its figures 2 to 5, with Transformers trained here; distillation, with objectives, bounds and certificates beside the
exact answer; and what lookahead is worth on real names. ${
    held === claims.length ? "All five claims hold." : html`${held} of ${claims.length} claims hold.`
  }${failing === 0 ? "" : html` ${failing} of ${shown.length} sections on figures and distillation do not show all they should.`}</p>
</header>`;
};

const holds = ({ findings }: Section): boolean => findings.every((finding) => finding.holds);

const renderSummary = (
  claims: readonly Section[],
): Html => html`<div class="scroll wide stacks" role="region" tabindex="0" aria-label="The five claims">
<table><caption>The five claims at a glance</caption>
<thead><tr><th scope="col">claim</th><th scope="col">quantity</th><th scope="col">here</th><th scope="col">known reproduction</th><th scope="col">holds</th></tr></thead>
<tbody>${claims.map((section) => {
  const finding = section.findings.find(({ known }) => known !== undefined) ?? section.findings[0];
  return html`<tr><th scope="row"><a href="#${section.id}">${section.heading}</a></th><td class="text">${finding?.label ?? ""}</td><td data-label="here">${
    finding?.value ?? ""
  }</td><td data-label="known reproduction">${finding?.known ?? "–"}</td><td data-label="holds">${verdict(holds(section))}</td></tr>
`;
})}</tbody></table></div>`;

const renderSection = (section: Section, eyebrow: string): Html => html`<section aria-labelledby="${section.id}">
<p class="eyebrow">${eyebrow}</p>
<h2 id="${section.id}">${section.heading}</h2>
${section.statement ? html`<blockquote class="statement"><p class="by">The paper states</p><p>${section.statement}</p></blockquote>` : ""}
${section.prose.map(
  (paragraph) => html`<p>${paragraph}</p>
`,
)}
${section.findings.length > 0 ? renderFindings(section.findings, section.heading) : ""}
${renderExhibits(section)}
</section>
`;

/** Neighbouring figures stand side by side where there is room. */
const renderExhibits = ({ exhibits }: Section): Html[] => {
  const parts: Html[] = [];
  let row: Figure[] = [];
  let level: 3 | 4 = 3; // figures under a heading of their own stand one level below it
  const flush = () => {
    if (row.length > 0) {
      parts.push(
        html`<div class="figures${row.length > 3 ? " narrow" : ""}">${row.map((figure) => renderFigure(figure, level))}</div>`,
      );
    }
    row = [];
  };
  for (const exhibit of exhibits) {
    if ("svg" in exhibit) {
      row.push(exhibit);
      continue;
    }
    flush();
    if ("html" in exhibit && exhibit.html.includes("<h3>")) level = 4;
    parts.push(
      "rows" in exhibit ? (exhibit.rows.length > LONG ? renderFolded(exhibit) : renderTable(exhibit)) : exhibit,
    );
  }
  flush();
  return parts;
};

/** Tables with more rows are folded. */
const LONG = 12;

const renderFolded = (table: Parameters<typeof renderTable>[0]): Html =>
  html`<details><summary>${table.caption} (${table.rows.length} rows)</summary>${renderTable(table)}</details>`;

const renderFigure = (
  { id, title, svg, key, caption, table }: Figure,
  level: 3 | 4,
): Html => html`<figure id="figure-${id}">
${level === 3 ? html`<h3>${title}</h3>` : html`<h4>${title}</h4>`}
${key ? renderKey(key) : ""}${svg}
<figcaption>${caption}</figcaption>
<details><summary>Numbers<span class="hidden"> behind ${title}</span></summary>${renderTable(table)}</details>
</figure>
`;

const renderKey = (key: readonly KeyEntry[]): Html => html`<ul class="key">${key.map(
  ({ label, colour, symbol }) =>
    html`<li><svg viewBox="-6 -6 12 12" aria-hidden="true"><path d="${SHAPES[symbol]}" fill="${colour}"/></svg>${label}</li>`,
)}</ul>
`;

const SHAPES: Readonly<Record<KeyEntry["symbol"], string>> = {
  circle: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
  square: "M-4.5-4.5h9v9h-9z",
  triangle: "M0-5.5L5.5 4.5h-11z",
  diamond: "M0-6L4 0L0 6L-4 0z",
};

const renderFooter = ({ version, seed, plan, engine, measured }: Report): Html => html`<footer>
<h2>How to repeat it</h2>
<p><code>arbel reproduce --seed ${seed}${plan === "default" ? "" : ` --${plan}`}${engine === "onnx" ? "" : ` --engine ${engine}`}</code>, arbel ${version}.
The same seed, version, plan and engine give the same numbers; only what follows, and the times in “Time against horizon”, were measured. All tables are beside this file as CSV, all numbers in <code>report.json</code>.</p>
<div class="scroll" role="region" tabindex="0" aria-label="Measured"><table><caption>Measured</caption>
<thead><tr><th scope="col">quantity</th><th scope="col">value</th></tr></thead>
<tbody>${measured.map(
  ([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>
`,
)}</tbody></table></div>
</footer>`;
