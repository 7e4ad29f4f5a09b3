import { join } from "node:path";
import { atomicWrite, makeFolder } from "../space/files/index.ts";
import { type DataTable, type Section, tablesOf } from "./exhibit.ts";
import { type Report, renderReport } from "./report-html.ts";
import { formatCsv } from "./report-tables.ts";

/** Names and texts of all files of a report. */
const reportFiles = (report: Report): Map<string, string> => {
  const files = new Map([
    ["report.html", renderReport(report)],
    ["report.json", `${JSON.stringify(toJson(report), replaceInfinity, 1)}\n`],
  ]);
  for (const section of sectionsOf(report)) {
    for (const table of tablesOf(section)) files.set(`${table.id}.csv`, formatCsv(table));
  }
  files.set("measured.csv", formatCsv(measuredTable(report)));
  return files;
};

/**
 * Writes all files of a report into a folder, each whole or not at all.
 *
 * @throws InputError naming the file and the repair, where the system refuses
 */
export const writeReport = (folder: string, report: Report): void => {
  makeFolder(folder);
  for (const [name, text] of reportFiles(report)) atomicWrite(join(folder, name), [new TextEncoder().encode(text)]);
};

const sectionsOf = ({ claims, figures, distillation, further }: Report): Section[] => [
  ...claims,
  ...figures,
  ...distillation,
  ...further,
];

const toJson = (report: Report) => ({
  format: "arbel-report",
  formatVersion: 1,
  version: report.version,
  seed: report.seed,
  plan: report.plan,
  engine: report.engine,
  claims: report.claims.map(sectionJson),
  figures: report.figures.map(sectionJson),
  distillation: report.distillation.map(sectionJson),
  further: report.further.map(sectionJson),
  measured: {
    ...Object.fromEntries(report.measured),
    tables: Object.fromEntries(
      sectionsOf(report)
        .flatMap(tablesOf)
        .filter(({ measured }) => measured)
        .map(tableJson),
    ),
  },
});

const sectionJson = (section: Section) => ({
  id: section.id,
  heading: section.heading,
  holds: section.findings.every(({ holds }) => holds),
  findings: section.findings,
  numbers: section.numbers,
  tables: Object.fromEntries(
    tablesOf(section)
      .filter(({ measured }) => !measured)
      .map(tableJson),
  ),
});

const tableJson = ({ id, rows }: DataTable) => [id, rows] as const;

/** JSON has no infinities: −∞ becomes null, as in every file of arbel. */
const replaceInfinity = (_key: string, value: unknown): unknown => (value === -Infinity ? null : value);

const measuredTable = ({ measured }: Report): DataTable => ({
  id: "measured",
  caption: "Measured",
  columns: [
    { key: "quantity", label: "quantity" },
    { key: "value", label: "value" },
  ],
  rows: measured.map(([quantity, value]) => ({ quantity, value })),
});
