// Draws docs/spelling.svg, the README's picture, from the figures of a report:
//   node scripts/readme-picture.mjs arbel-report/report.html
import { readFileSync, writeFileSync } from "node:fs";
import { parseHTML } from "linkedom";

const [report = "arbel-report/report.html"] = process.argv.slice(2);
const { document } = parseHTML(readFileSync(report, "utf8"));
const figures = [...document.querySelectorAll("#spelling ~ * svg")].slice(0, 4);
if (figures.length < 4) throw new Error(`${report} has no spelling section: run \`npm run reproduce\` first`);

const TITLES = [
  ["What the model would say", "area: probability"],
  ["What every next letter is worth", "shade: log-chance that the name ends in “ette”"],
  ["What it says, looking ahead", "exact conditional, by M"],
  ["What masking says", "no lookahead: 94 % dead ends"],
];
const [WIDTH, GAP, TOP] = [260, 24, 58];
const height = Number(figures[0].getAttribute("viewBox").split(" ")[3]);

const panels = figures.map((svg, i) => {
  const x = GAP + i * (WIDTH + GAP);
  svg.querySelector("style")?.remove(); // for pages, not for pictures
  const inner = svg.innerHTML;
  const [title, note] = /** @type {[string, string]} */ (TITLES[i]);
  return `<text x="${x}" y="24" font-size="14" font-weight="600">${title}</text>
<text class="note" x="${x}" y="42" font-size="10.5">${note}</text>
<svg x="${x}" y="${TOP}" width="${WIDTH}" height="${height}" viewBox="${svg.getAttribute("viewBox")}" fill="currentColor" font-size="13" text-anchor="middle">${inner}</svg>`;
});

const total = GAP + 4 * (WIDTH + GAP);
writeFileSync(
  new URL("../docs/spelling.svg", import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${TOP + height + 12}" role="img"
  aria-label="Spelling a name that must end in ette: the model, the value of every next letter, the exact conditional, and masking">
<style>
  svg { color: #1c1e21; font-family: system-ui, sans-serif;
    --surface: #fdfdfb; --muted: #5b6167; --rule: #dcdad3; --first: #1d5fae; --second: #b8480f; }
  text { fill: currentColor; } .note { fill: var(--muted); } .page { fill: var(--surface); }
  @media (prefers-color-scheme: dark) {
    svg { color: #e7e5df; --surface: #14161a; --muted: #a3a8ae; --rule: #34383e; --first: #7fb3f2; --second: #f2a066; }
  }
</style>
<rect class="page" width="100%" height="100%" rx="10"/>
${panels.join("\n")}
</svg>
`,
);
