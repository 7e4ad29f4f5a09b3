import type { Cell, Column, DataTable, Finding } from "./exhibit.ts";
import { type Html, html } from "./html.ts";

/** A page holds about this many rows of a table; its CSV file holds all. */
const ROWS = 200;

/** A table of data, in a box that scrolls sideways where it is wider than the page; of a very long one, every second row or fewer. */
export const renderTable = (table: DataTable): Html => {
  const every = Math.max(1, Math.ceil(table.rows.length / ROWS));
  if (every === 1) return renderRows(table);
  // counted from the end, where runs end
  const rows = table.rows.filter((_, index) => (table.rows.length - 1 - index) % every === 0);
  const caption = `${table.caption} (${rows.length} of ${table.rows.length} rows; all in ${table.id}.csv)`;
  return renderRows({ ...table, caption, rows });
};

const renderRows = (
  table: DataTable,
): Html => html`<div class="scroll" role="region" tabindex="0" aria-label="${table.caption}">
<table><caption>${table.caption}</caption>
<thead><tr>${table.columns.map((column) => html`<th scope="col"${numberClass(table, column)}>${column.label}</th>`)}</tr></thead>
<tbody>${table.rows.map(
  (row) =>
    html`<tr>${table.columns.map((column, index) => {
      const text = renderCell(row[column.key] ?? null, column);
      return index === 0
        ? html`<th scope="row"${numberClass(table, column)}>${text}</th>`
        : html`<td${numberClass(table, column)}>${text}</td>`;
    })}</tr>
`,
)}</tbody></table></div>`;

const numberClass = ({ rows }: DataTable, { key }: Column): Html =>
  rows.some((row) => typeof row[key] === "number") ? html` class="number"` : html``;

const renderCell = (cell: Cell, { format }: Column): string => {
  if (cell === null) return "–";
  if (typeof cell === "string") return cell;
  return format ? format(cell) : cell.toLocaleString("en-US");
};

/** The numbers that a claim stands on, with those of the known reproduction and whether they hold. */
export const renderFindings = (findings: readonly Finding[], heading: string): Html => {
  const known = findings.some((finding) => finding.known !== undefined);
  return html`<div class="scroll findings stacks" role="region" tabindex="0" aria-label="Numbers: ${heading}">
<table><caption>What was found</caption>
<thead><tr><th scope="col">quantity</th><th scope="col">here</th>${known ? html`<th scope="col">known reproduction</th>` : ""}<th scope="col">holds</th></tr></thead>
<tbody>${findings.map(
    (finding) => html`<tr><th scope="row">${finding.label}</th><td data-label="here">${finding.value}</td>${
      known ? html`<td data-label="known reproduction">${finding.known ?? "–"}</td>` : ""
    }<td data-label="holds">${verdict(finding.holds)}</td></tr>
`,
  )}</tbody></table></div>`;
};

/** Yes or no, in words as well as in colour. */
export const verdict = (holds: boolean): Html =>
  holds ? html`<span class="yes">yes</span>` : html`<span class="no">no</span>`;

/** A table as comma-separated values with all digits; texts are quoted where they need it. */
export const formatCsv = ({ columns, rows }: DataTable): string =>
  [columns.map(({ key }) => key), ...rows.map((row) => columns.map(({ key }) => row[key] ?? null))]
    .map((cells) => `${cells.map(csvCell).join(",")}\r\n`)
    .join("");

const csvCell = (cell: Cell): string => {
  if (cell === null) return "";
  // a number of CSV has no infinities: the usual words of numpy and R
  if (typeof cell === "number") return cell === Infinity ? "inf" : cell === -Infinity ? "-inf" : String(cell);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
};
