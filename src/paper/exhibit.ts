import type { Html } from "./html.ts";

/** One number, text or absent value of a table. */
export type Cell = number | string | null;

/** A table as data: shown in the report, written as CSV, kept in the JSON. */
export interface DataTable {
  /** Name of the CSV file, without its extension. */
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
  /** Whether it holds times, which differ from run to run. */
  readonly measured?: boolean;
}

/** A column of a table. */
export interface Column {
  readonly key: string;
  readonly label: string;
  /** How a number is shown; CSV and JSON hold all its digits. */
  readonly format?: (value: number) => string;
}

/** A picture with what it shows in words and in numbers. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  /** What a reader who cannot see it should know. */
  readonly label: string;
  readonly svg: Html;
  /** What the marks stand for, where they are not labelled in the drawing. */
  readonly key?: readonly KeyEntry[];
  readonly caption: Html;
  readonly table: DataTable;
}

/** One entry of a figure's key. */
export interface KeyEntry {
  readonly label: string;
  readonly colour: string;
  readonly symbol: MarkSymbol;
}

/** Shapes of marks, so that series differ by more than colour. */
export type MarkSymbol = "circle" | "square" | "triangle" | "diamond";

/** One number that a claim stands on. */
export interface Finding {
  readonly label: string;
  readonly value: string;
  /** The number of the known reproduction (theory §10), if it has one. */
  readonly known?: string;
  readonly holds: boolean;
}

/** A part of the report. */
export interface Section {
  readonly id: string;
  readonly heading: string;
  /** What the paper states; absent where the section goes beyond it. */
  readonly statement?: Html;
  /** What was computed, and what came out. */
  readonly prose: readonly Html[];
  readonly findings: readonly Finding[];
  /** Figures and tables in reading order. */
  readonly exhibits: readonly (Figure | DataTable | Html)[];
  /** The section's numbers for `report.json`; no times among them. */
  readonly numbers: Readonly<Record<string, unknown>>;
}

/** The tables of a section, those behind figures included. */
export const tablesOf = (section: Section): DataTable[] =>
  section.exhibits.flatMap((exhibit) => ("svg" in exhibit ? [exhibit.table] : "rows" in exhibit ? [exhibit] : []));
