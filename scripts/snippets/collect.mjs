import { existsSync, readdirSync, readFileSync } from "node:fs";

/**
 * A fenced block that is run.
 *
 * @typedef {object} Snippet
 * @property {string} file where it stands, from the root
 * @property {number} line its first line there
 * @property {"ts" | "js" | "sh"} language
 * @property {string[]} lines the file's lines, blank but for the snippet: places in it are places in the file
 * @property {string} [prints] what it prints, `…` standing for anything
 */

/** @type {Record<string, Snippet["language"]>} */
const LANGUAGES = { ts: "ts", typescript: "ts", js: "js", javascript: "js", sh: "sh", bash: "sh", shell: "sh" };

const FENCE = /^\s*(`{3,})\s*(\S*)/;
const MARK = /^\s*<!--\s*(no-run:\s*\S.*?|continues|prints)\s*-->\s*$/;

/**
 * Every block to run in the documents of the root and of docs/, and in the doc comments of src/, and the mistakes
 * found on the way.
 *
 * @param {string} root
 * @returns {{ snippets: Snippet[], skipped: string[], mistakes: string[] }}
 */
export const collectSnippets = (root) => {
  const documents = [...filesIn(root, "", false), ...filesIn(root, "docs/", false)].filter((f) => f.endsWith(".md"));
  const sources = filesIn(root, "src/", true).filter((file) => /(?<!\.test)\.ts$/.test(file));
  /** @type {{ snippets: Snippet[], skipped: string[], mistakes: string[] }} */
  const found = { snippets: [], skipped: [], mistakes: [] };
  for (const file of [...documents, ...sources]) {
    const lines = readFileSync(`${root}/${file}`, "utf8").split("\n");
    collectFrom(file, file.endsWith(".ts") ? docComments(lines) : lines, found);
  }
  return found;
};

/**
 * @param {string} root
 * @param {string} folder ends with a slash, or is empty for the root
 * @param {boolean} recursive
 */
const filesIn = (root, folder, recursive) =>
  existsSync(`${root}/${folder}`)
    ? readdirSync(`${root}/${folder}`, { encoding: "utf8", recursive })
        .map((name) => folder + name)
        .sort()
    : [];

/**
 * A source's lines with everything blank but the text of its doc comments, each character in its place.
 *
 * @param {string[]} lines
 */
const docComments = (lines) => {
  let inside = false;
  return lines.map((line) => {
    if (!inside && !/^\s*\/\*\*/.test(line)) return "";
    inside = !line.includes("*/");
    return inside ? line.replace(/^\s*\/?\*+ ?/, (prefix) => " ".repeat(prefix.length)) : "";
  });
};

/**
 * @param {string} file
 * @param {string[]} lines
 * @param {ReturnType<typeof collectSnippets>} found
 */
const collectFrom = (file, lines, { snippets, skipped, mistakes }) => {
  /** @type {Snippet | undefined} */
  let previous;
  let mark = "";
  let exampleAt = 0;
  for (let i = 0; i < lines.length; i++) {
    const text = lines[i] ?? "";
    const fence = FENCE.exec(text);
    if (!fence) {
      if (text.trim() !== "") mark = MARK.exec(text)?.[1] ?? "";
      // A tag ends the example before it, and so does the comment's end.
      if (exampleAt > 0 && (/^\s*@\w/.test(text) || text === "")) {
        mistakes.push(`${file}:${exampleAt}: the @example has no fenced block`);
        exampleAt = 0;
      }
      if (file.endsWith(".ts") && /^\s*@example\b/.test(text)) exampleAt = i + 1;
      continue;
    }
    exampleAt = 0;
    const first = i + 1;
    let end = first;
    while (end < lines.length && (lines[end] ?? "").trim() !== fence[1]) end++;
    if (end === lines.length) mistakes.push(`${file}:${i + 1}: the fence is not closed`);
    const language = LANGUAGES[fence[2] ?? ""];
    const place = `${file}:${first + 1}`;
    if (mark.startsWith("no-run:")) {
      skipped.push(`${place}: not run: ${mark.slice("no-run:".length).trim()}`);
    } else if (mark === "prints" && previous) {
      previous.prints = lines.slice(first, end).join("\n");
    } else if (mark === "continues" && previous && language === previous.language) {
      previous.lines = previous.lines.concat(...blank(previous.lines.length, first), ...lines.slice(first, end));
    } else if (mark === "prints" || mark === "continues") {
      mistakes.push(`${place}: "${mark}" needs a block of the same language before it`);
    } else if (language) {
      previous = { file, line: first + 1, language, lines: [...blank(0, first), ...lines.slice(first, end)] };
      snippets.push(previous);
    }
    mark = "";
    i = end;
  }
};

/**
 * @param {number} from
 * @param {number} to
 */
const blank = (from, to) => new Array(to - from).fill("");
