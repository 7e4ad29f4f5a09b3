// Compiles src/kernels/assembly (AssemblyScript, with fixed-width SIMD; sweep.ts and arcs.ts are what it exports) and writes the module as base64 into
// src/kernels/sweep.generated.ts, which git ignores. Does nothing where that file was made from the same source.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = "src/kernels/assembly";
const output = `${root}src/kernels/sweep.generated.ts`;

const compilerManifest = readFileSync(`${root}node_modules/assemblyscript/package.json`);

/** Everything that decides the module's bytes: this script, the compiler's version, the sources. */
const fingerprint = () => {
  const hash = createHash("sha256")
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .update(compilerManifest);
  for (const name of readdirSync(root + folder).sort())
    hash.update(name).update(readFileSync(`${root}${folder}/${name}`));
  return hash.digest("hex");
};

/** @returns {Promise<Uint8Array>} */
const compile = async () => {
  const { default: asc } = await import("assemblyscript/asc"); // takes half a second: not where nothing is compiled
  /** @type {Uint8Array | undefined} */
  let wasm;
  const { error, stderr } = await asc.main(
    [
      ...[`${folder}/sweep.ts`, `${folder}/arcs.ts`],
      ...["--outFile", "sweep.wasm"],
      ...["--runtime", "stub"], // nothing is allocated: the host says where numbers lie
      ...["--enable", "simd"],
      ...["--importMemory", "--initialMemory", "1"],
      ...["-O3", "--noAssert"],
    ],
    {
      readFile: (name) => (existsSync(root + name) ? readFileSync(root + name, "utf8") : null),
      writeFile: (name, contents) => {
        if (name === "sweep.wasm" && typeof contents !== "string") wasm = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !wasm) throw new Error(`AssemblyScript refused ${folder}:\n${stderr.toString()}`, { cause: error });
  return wasm;
};

const mark = `// ${fingerprint()}\n`;
if (!existsSync(output) || !readFileSync(output, "utf8").endsWith(mark)) {
  const base64 = Buffer.from(await compile()).toString("base64");
  const text = `// Written by scripts/build-wasm.mjs from ${folder}.

/** The WASM module of the kernels, in base64. */
export const sweepModule =
  "${base64}";
${mark}`;
  // Renamed, so that a build that is interrupted, or run twice at once, leaves no half of a file.
  writeFileSync(`${output}.${process.pid}`, text);
  renameSync(`${output}.${process.pid}`, output);
}
