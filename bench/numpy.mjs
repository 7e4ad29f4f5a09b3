import { execFileSync } from "node:child_process";

/** Debian's Python, whose numpy the numbers in README.md are against; another by the environment variable PYTHON. */
const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";

/** Runs one of the numpy scripts of this folder and reads what it prints as JSON. */
export const runNumpy = (script, ...args) => {
  // settings that pick a slower OpenBLAS kernel would be unfair to numpy
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...env } = process.env;
  const path = new URL(script, import.meta.url).pathname;
  try {
    return JSON.parse(String(execFileSync(PYTHON, [path, ...args.map(String)], { env })));
  } catch (error) {
    throw new Error(`${PYTHON} could not run ${script}: install numpy for it (Debian: apt-get install python3-numpy)`, {
      cause: error,
    });
  }
};
