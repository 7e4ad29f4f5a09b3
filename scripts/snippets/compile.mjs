import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** @typedef {import("./collect.mjs").Snippet} Snippet */

/**
 * What a comment promises that its line prints.
 *
 * @typedef {{ place: string, text: string }} Promised
 */

/**
 * A snippet ready to run.
 *
 * @typedef {{ snippet: Snippet, script: string, promises: Promised[] }} Compiled
 */

/**
 * Type-checks the TypeScript and JavaScript snippets together, each a module of its own, against the built package,
 * and writes them as scripts. They are written inside the package, so that "arbel" leads them to its own exports.
 *
 * @param {string} root
 * @param {readonly Snippet[]} snippets
 * @returns {{ compiled: Compiled[], mistakes: string[] }}
 */
export const compileSnippets = (root, snippets) => {
  const folder = join(root, "out/snippets");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "source"), { recursive: true });
  /** @type {Map<string, Compiled>} */
  const compiled = new Map();
  for (const snippet of snippets) {
    const name = `${snippet.file.replaceAll("/", "-")}.line-${snippet.line}`;
    const source = join(folder, "source", `${name}.${snippet.language}`);
    writeFileSync(source, snippet.lines.join("\n"));
    compiled.set(source, { snippet, script: join(folder, "run", `${name}.js`), promises: [] });
  }
  const program = ts.createProgram([...compiled.keys()], compilerOptions(root, folder));
  const mistakes = ts.getPreEmitDiagnostics(program).map((diagnostic) => describe(diagnostic, compiled));
  program.emit(undefined, undefined, undefined, false, { before: [checkPrints(compiled)] });
  return { compiled: [...compiled.values()], mistakes };
};

/**
 * Strict, as a user's project is; not stricter, as this one is.
 *
 * @param {string} root
 * @param {string} folder
 * @returns {ts.CompilerOptions}
 */
const compilerOptions = (root, folder) => ({
  ...ts.parseJsonConfigFileContent({ extends: "./tsconfig.json", files: [] }, ts.sys, root).options,
  allowJs: true,
  allowImportingTsExtensions: false,
  exactOptionalPropertyTypes: false,
  inlineSourceMap: true,
  moduleDetection: ts.ModuleDetectionKind.Force,
  noEmit: false,
  noUncheckedIndexedAccess: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
  outDir: join(folder, "run"),
  rootDir: join(folder, "source"),
  typeRoots: [join(root, "node_modules/@types")],
});

/**
 * @param {ts.Diagnostic} diagnostic
 * @param {Map<string, Compiled>} compiled
 */
const describe = ({ file, start, messageText }, compiled) => {
  const message = ts.flattenDiagnosticMessageText(messageText, "\n  ");
  if (!file || start === undefined) return message;
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  return `${compiled.get(file.fileName)?.snippet.file ?? file.fileName}:${line + 1}:${character + 1}: ${message}`;
};

/**
 * Turns `console.log(x); // value` into a call that also checks what is printed: see promises.mjs.
 *
 * @param {Map<string, Compiled>} compiled
 * @returns {ts.TransformerFactory<ts.SourceFile>}
 */
const checkPrints = (compiled) => (context) => (file) => {
  const target = compiled.get(file.fileName);
  if (!target) return file;
  const { factory } = context;
  /** @type {ts.Visitor} */
  const visit = (node) => {
    const text = ts.isExpressionStatement(node) && isPrint(node.expression) ? promiseAfter(file, node) : undefined;
    if (text === undefined) return ts.visitEachChild(node, visit, context);
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    const index = target.promises.push({ place: `${target.snippet.file}:${line}`, text }) - 1;
    const { expression: print } = /** @type {ts.ExpressionStatement & { expression: ts.CallExpression }} */ (node);
    const checked = factory.createCallExpression(factory.createIdentifier("printAsPromised"), undefined, [
      factory.createNumericLiteral(index),
      ...print.arguments,
    ]);
    return factory.createExpressionStatement(checked);
  };
  return ts.visitEachChild(file, visit, context);
};

/** @param {ts.Expression} expression */
const isPrint = (expression) => ts.isCallExpression(expression) && expression.expression.getText() === "console.log";

/** How a value starts; a comment that starts otherwise, or with a sum or quotient of numbers, is prose. */
const VALUE =
  /^(?![-\d.]+ [-+*/] )(?:≈ ?)?(?:[-+]?[\d.]*\d|[-+]?Infinity\b|NaN\b|["'`[{]|(?:true|false|null|undefined)\b|[A-Z]\w*\(\d+\) [[{])/;

/** What ends a value and begins a remark, where no bracket or quote is open. */
const REMARK = /^(?:[;:] | — | = | \(| (?!(?:true|false|null|undefined)\b)[a-z])/;

/**
 * The value in the comment that ends a statement's line, without the remark after it.
 *
 * @param {ts.SourceFile} file
 * @param {ts.Node} node
 */
const promiseAfter = (file, node) => {
  const [comment] = ts.getTrailingCommentRanges(file.text, node.end) ?? [];
  const text = comment && file.text.slice(comment.pos + 2, comment.end).trim();
  return text && VALUE.test(text) ? text.slice(0, remarkIn(text)) : undefined;
};

/** @param {string} text */
const remarkIn = (text) => {
  let open = "";
  for (let i = 0; i < text.length; i++) {
    if (open === "" && REMARK.test(text.slice(i))) return i;
    const character = text.charAt(i);
    if (open.endsWith(character)) open = open.slice(0, -1);
    else if (!/["'`]$/.test(open)) open += CLOSING[character] ?? "";
  }
  return text.length;
};

/** @type {Record<string, string>} */
const CLOSING = { "[": "]", "{": "}", "(": ")", '"': '"', "'": "'", "`": "`" };
