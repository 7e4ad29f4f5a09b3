/**
 * Packs the package, unpacks it where a user would have it, and uses it: `npm run check:package`, after a build.
 *
 * Every export is imported by Node, and type-checked strictly by a user who resolves as Node does and by one who resolves
 * as bundlers do; the command answers. Only what `dependencies` names is there, so a forgotten one is noticed.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const user = mkdtempSync(join(tmpdir(), "arbel-user-"));

/**
 * @param {string} file
 * @param {string[]} args
 * @param {string} cwd
 */
const run = (file, args, cwd) =>
  execFileSync(file, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

/** Installs the tarball without asking a registry: its dependencies are this checkout's. */
const install = () => {
  const packed = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", user], root);
  const [{ filename, files, size }] = JSON.parse(packed);
  const modules = join(user, "node_modules");
  mkdirSync(join(modules, manifest.name), { recursive: true });
  run("tar", ["-xzf", join(user, filename), "--strip-components=1", "-C", join(modules, manifest.name)], user);
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  checkFiles(files.map((/** @type {{ path: string }} */ { path }) => path));
  console.log(`package: ${files.length} files, ${Math.round(size / 1024)} KiB packed`);
};

/** @param {string[]} paths */
const checkFiles = (paths) => {
  for (const wanted of ["LICENSE", "README.md", "CHANGELOG.md", manifest.bin.arbel]) {
    if (!paths.includes(wanted)) throw new Error(`the package lacks ${wanted}`);
  }
  const allowed =
    /^(dist\/.+\.(js|d\.ts)|models\/arbel-prose\/\w+\.(json|safetensors|md)|LICENSE|README\.md|CHANGELOG\.md|package\.json)$/;
  const unwanted = paths.filter((path) => !allowed.test(path) || /\.test\.|\/testing\//.test(path));
  if (unwanted.length > 0) throw new Error(`the package should not hold ${unwanted.join(", ")}`);
};

/**
 * Compiles as a user; errors inside jax-js's own declarations, which name WebGPU's types, are not ours.
 *
 * @param {string[]} args
 */
const typeCheck = (args) => {
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: user, encoding: "utf8" });
  const errors = stdout.split("\n").filter((line) => line.includes("error TS") && !line.includes("@jax-js/"));
  if (errors.length > 0) throw new Error(errors.join("\n"));
  if (status !== 0 && !stdout.includes("@jax-js/")) throw new Error(stdout);
};

/** Imports every export, in Node and for two ways of resolving types. */
const use = () => {
  const names = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
  const imports = names.map((name, i) => `import * as entry${i} from "${manifest.name}${name.slice(1)}";`);
  const uses = names.map(
    (_, i) => `if (Object.keys(entry${i}).length === 0) throw new Error("nothing in ${names[i]}");`,
  );
  writeFileSync(join(user, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  writeFileSync(join(user, "index.ts"), [...imports, ...uses].join("\n"));
  writeFileSync(join(user, "index.js"), [...imports, ...uses].join("\n"));
  run(process.execPath, ["index.js"], user);
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  // AbortSignal is of "dom", or of @types/node.
  const options = [
    "--strict",
    "--noEmit",
    "--target",
    "es2022",
    "--lib",
    "esnext,dom",
    "--ignoreConfig",
    "--pretty",
    "false",
  ];
  for (const how of [
    ["--module", "nodenext"],
    ["--module", "preserve", "--moduleResolution", "bundler"],
  ]) {
    typeCheck([compiler, ...options, ...how, "index.ts"]);
  }
  console.log(`package: ${names.join(", ")} load and type-check`);
};

try {
  install();
  use();
  const command = join(user, "node_modules", manifest.name, manifest.bin.arbel);
  const version = run(process.execPath, [command, "--version"], user).trim();
  if (version !== manifest.version)
    throw new Error(`arbel --version says ${version}, package.json ${manifest.version}`);
} catch (error) {
  const { message, stdout } = /** @type {Error & { stdout?: string }} */ (error);
  console.error(`package: ${message}\n${stdout ?? ""}`);
  process.exitCode = 1;
} finally {
  rmSync(user, { recursive: true, force: true });
}
