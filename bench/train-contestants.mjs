import { spawnSync } from "node:child_process";
import { totalmem } from "node:os";

/** Debian's Python, whose python3-torch the numbers in README.md are against; another by the environment variable PYTHON. */
export const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";

/**
 * What makes PyTorch fast here, for its process alone: OpenBLAS's kernels for AVX-512, which it does not choose by itself on
 * every processor that has it; and OpenMP's threads asleep while OpenBLAS's work, or each pool spins on the other's cores.
 */
export const TUNED = { OPENBLAS_CORETYPE: "SKYLAKEX", OMP_WAIT_POLICY: "PASSIVE" };

/** glibc asks the system for huge pages, which spares whole-batch steps most of their page faults. */
export const HUGE_PAGES = { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" };

/** Bytes that PyTorch may have: half of the machine's, so that a batch that is too large fails instead of swapping. */
const MEMORY_LIMIT = Math.floor(totalmem() / 2);

/** A step of more responses takes so long that fewer ways are tried. */
const MANY_RESPONSES = 2 ** 14;

/** Runs a program of this folder on a job file and reads what it prints. */
export const runChild = (program, script, file, environment = {}) => {
  const path = new URL(script, import.meta.url).pathname;
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(program, [path, file], { env: { ...env, ...environment } });
  if (status !== 0) throw new Error(`${program} could not run ${script}: ${stderr}`);
  return JSON.parse(String(stdout));
};

/**
 * One way of ours. Roles: "ours" and "peer" are what is compared; "aside" is shown beside them.
 */
const arbel = (engine, threads, { role = "ours", environment = {}, more = "" } = {}) => ({
  name: `Arbel, ${engine === "jax" ? "jax-js" : "ONNX Runtime"}${more}`,
  threads,
  role,
  job: { engine, threads },
  run: (file) => runChild(process.execPath, "train-case.mjs", file, environment),
});

/** One way of PyTorch's; of several candidates, layouts of torch/llama.py and chunks, the fastest is looked for first. */
const torch = (what, threads, candidates, { role = "peer", environment = {}, ...job } = {}) => ({
  name: `PyTorch, ${what}`,
  threads,
  role,
  candidates,
  job: { threads, limit: MEMORY_LIMIT, ...job },
  run: (file) => runChild(PYTHON, "torch/peer.py", file, { ...TUNED, ...environment }),
});

const layouts = (chunk) => ["columns", "products", "matmul"].map((layout) => ({ layout, chunk }));
const chunks = (sizes) => sizes.map((chunk) => ({ layout: "columns", chunk }));
const WHOLE = layouts(0);
const CHUNKED = [...layouts(512), ...chunks([128, 256, 1024, 2048])];
const MANY = chunks([512]);

const armWays = (threads, many) => [
  torch("all responses", threads, many ? MANY : [...WHOLE, ...CHUNKED], { sequences: "all" }),
  torch("distinct prefixes", threads, many ? MANY : [...WHOLE, ...chunks([128, 256])], { sequences: "distinct" }),
];

const ebmWays = (threads, many) =>
  many
    ? [torch("whole batch", threads, chunks([0])), torch("chunks", threads, MANY)]
    : [
        torch("as one writes it first", threads, [{ layout: "matmul", chunk: 0 }]),
        torch("whole batch", threads, WHOLE),
        torch("best chunk", threads, CHUNKED),
        torch("whole batch, our algebra", threads, [{ layout: "products", chunk: 0 }], {
          role: "aside",
          algebra: true,
        }),
        torch("whole batch, huge pages", threads, WHOLE, { role: "aside", environment: HUGE_PAGES }),
        arbel("onnx", threads, { role: "aside", environment: HUGE_PAGES, more: ", huge pages" }),
      ];

/** All ways to take one exact step, ours and PyTorch's, with each number of threads. */
export const contestantsOf = ({ kind, actions, horizon }, { engines, threads }) => {
  const many = actions ** horizon > MANY_RESPONSES;
  const runs = (engine, count) => engine === "onnx" || (count === 1 && !many);
  return threads.flatMap((count) => [
    ...engines.filter((engine) => runs(engine, count)).map((engine) => arbel(engine, count)),
    ...(kind === "arm" ? armWays : ebmWays)(count, many),
  ]);
};

/** PyTorch's version, or undefined where there is none. */
export const torchVersion = () => {
  const { status, stdout } = spawnSync(PYTHON, ["-c", "import torch; print(torch.__version__)"]);
  return status === 0 ? String(stdout).trim() : undefined;
};
