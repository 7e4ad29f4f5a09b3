import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, jaxEngine } from "../learn/index.ts";
import { TINY_DISTILLATION } from "./distillation/testing/tiny-distillation.ts";
import { formatNumber, formatPercent, powerOfTen } from "./format.ts";
import { escapeHtml, html } from "./html.ts";
import { NAME_PATTERNS } from "./name-patterns.ts";
import { formatCsv } from "./report-tables.ts";
import { type ReportProgress, type ReportSize, reproduceAt } from "./reproduce.ts";
import { PAPER_SPACES } from "./reward-laws.ts";
import { NAME_WISHES, PROSE_WISHES } from "./steering/index.ts";
import { TINY_PLAN } from "./transformers/testing/tiny-plan.ts";

/** Everything but the largest space and the largest product; Transformers that are trained in no time. */
const SMALL: ReportSize = {
  draws: 1,
  trials: 2,
  spaces: PAPER_SPACES.slice(0, 2),
  model: { order: 4, minimumCount: 20 },
  patterns: NAME_PATTERNS.slice(0, 3),
  steering: {
    names: { wishes: NAME_WISHES.slice(0, 2), budgets: [8, 64], repeats: 3 },
    prose: { wishes: PROSE_WISHES.slice(0, 1), budgets: [8, 32], repeats: 2, long: [] },
  },
  transformers: TINY_PLAN,
  distillation: TINY_DISTILLATION,
};

let engine: Engine;
beforeAll(async () => {
  engine = await jaxEngine();
});
afterAll(() => engine.dispose());

describe("a whole report", () => {
  let folder = "";
  let page = "";
  const progress: ReportProgress[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "arbel-report-"));
    const out = join(folder, "new", "report");
    for await (const step of reproduceAt(SMALL, { out, seed: 7, engine })) progress.push(step);
    page = await readFile(join(folder, "new", "report", "report.html"), "utf8");
  }, 120_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("tells how far it is", () => {
    const done = progress.map((step) => step.done);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toMatchObject({ done: progress[0]?.total, label: "done", secondsLeft: 0 });
    expect(progress.every(({ label }) => label !== "")).toBe(true);
  });

  test("loads nothing and runs nothing", () => {
    expect(page.replaceAll("http://www.w3.org/", "")).not.toMatch(/https?:|@import|url\(/);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\son\w+=/);
  });

  test("holds no missing numbers", () => {
    expect(page).not.toMatch(/NaN|undefined|\[object|Infinity/);
  });

  test("says what every figure and table shows, in headings that do not skip a level", () => {
    const { document } = parseHTML(page);
    expect(document.documentElement.getAttribute("lang")).toBe("en");
    const figures = [...document.querySelectorAll("figure")];
    expect(figures.length).toBeGreaterThanOrEqual(16);
    for (const figure of figures) {
      const svg = figure.querySelector(":scope > svg");
      expect(svg?.getAttribute("role")).toBe("img");
      expect((svg?.getAttribute("aria-label") ?? "").length).toBeGreaterThan(20);
      expect(svg?.getAttribute("viewBox")).toBeTruthy();
      expect(figure.querySelector("figcaption")?.textContent).toBeTruthy();
      expect(figure.querySelector("details table")).toBeTruthy();
    }
    for (const table of document.querySelectorAll("table")) {
      expect(table.querySelector("caption")?.textContent).toBeTruthy();
      expect(table.querySelector('thead th[scope="col"]')).toBeTruthy();
      expect(table.querySelector('tbody th[scope="row"]')).toBeTruthy();
    }
    const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map(({ tagName }) => Number(tagName[1]));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.forEach((level, index) => {
      expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
    });
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const link of document.querySelectorAll('a[href^="#"]')) {
      expect(ids).toContain(link.getAttribute("href")?.slice(1));
    }
  });

  test("finds that every claim holds", async () => {
    const report = JSON.parse(await readFile(join(folder, "new", "report", "report.json"), "utf8"));
    expect(report).toMatchObject({ format: "arbel-report", formatVersion: 1, seed: 7 });
    expect(report.claims).toHaveLength(5);
    expect(report.figures).toHaveLength(6);
    expect(report.distillation).toHaveLength(8);
    expect(report.further).toHaveLength(5);
    for (const section of [...report.claims, ...report.further]) expect(section).toMatchObject({ holds: true });
  });

  test("leaves whole CSV files with headers, and no temporary ones", async () => {
    const files = await readdir(join(folder, "new", "report"));
    expect(files.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    const tables = files.filter((name) => name.endsWith(".csv"));
    expect(tables.length).toBeGreaterThan(20);
    for (const name of tables) {
      const [header, ...rows] = (await readFile(join(folder, "new", "report", name), "utf8")).trimEnd().split("\r\n");
      expect(header).toMatch(/^[A-Za-z]\w*(,[A-Za-z]\w*)+$/);
      expect(rows.length).toBeGreaterThan(0);
    }
    expect((await stat(join(folder, "new", "report", "report.html"))).size).toBeLessThan(2 ** 20);
  });
});

test("an aborted report writes nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arbel-report-"));
  const controller = new AbortController();
  const run = async () => {
    for await (const { done } of reproduceAt(SMALL, {
      out: join(folder, "report"),
      seed: 1,
      signal: controller.signal,
      engine,
    })) {
      if (done > 0) controller.abort();
    }
  };
  await expect(run()).rejects.toThrow(/abort/i);
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

test("HTML from data is escaped, in text and in attributes", () => {
  const evil = `<b onclick='x("&")'>`;
  expect(html`<p title="${evil}">${[evil, html`<i>1</i>`]}</p>`.html).toBe(
    `<p title="${escapeHtml(evil)}">${escapeHtml(evil)}<i>1</i></p>`,
  );
  expect(escapeHtml(evil)).toBe("&lt;b onclick=&#39;x(&quot;&amp;&quot;)&#39;&gt;");
});

test("numbers are written for people", () => {
  expect(formatNumber(1.7763568394002505e-15)).toBe("1.78\u00a0×\u00a010⁻¹⁵");
  expect(formatNumber(-0.0716, 3)).toBe("−0.0716");
  expect(formatNumber(65_536)).toBe("65,536");
  expect(formatNumber(-Infinity)).toBe("−∞");
  expect(formatPercent(0.0102)).toBe("1.02\u00a0%");
  expect(powerOfTen(1e-12)).toBe("10⁻¹²");
});

test("CSV keeps all digits and quotes what needs it", () => {
  const columns = [
    { key: "a", label: "a" },
    { key: "b", label: "b", format: () => "no" },
  ];
  const rows = [
    { a: 'x,"y"', b: 0.1 + 0.2 },
    { a: null, b: -Infinity },
  ];
  expect(formatCsv({ id: "t", caption: "t", columns, rows })).toBe('a,b\r\n"x,""y""",0.30000000000000004\r\n,-inf\r\n');
});
