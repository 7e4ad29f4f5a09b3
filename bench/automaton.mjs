// Exact quantities on an automaton of 1,000 states × 50 tokens, horizon 200: first run of a fresh process, so with cold
// code, and its peak memory; M beside the same sweep in numpy. The floor: 10 million exponentials, 80 MB written.
import { execFileSync } from "node:child_process";
import { runNumpy } from "./numpy.mjs";

export const benchAutomaton = () => {
  const rows = ["M", "marginals", "entropy", "KL"].map((task) => {
    const output = execFileSync(process.execPath, [new URL("automaton-task.mjs", import.meta.url).pathname, task]);
    return { task, ...JSON.parse(String(output)) };
  });
  const numpy = runNumpy("numpy_automaton.py");
  console.log("\nAutomaton of 1,000 states × 50 tokens, horizon 200, first run of a process");
  console.log("task        ms    peak MB   numpy ms   numpy / arbel");
  for (const { task, milliseconds, peakMegabytes } of rows) {
    const peer = numpy[task];
    const ratio = peer ? `${peer.toFixed(0).padStart(8)}   ${(peer / milliseconds).toFixed(2).padStart(8)}` : "";
    console.log(
      `${task.padEnd(9)} ${milliseconds.toFixed(0).padStart(4)}   ${peakMegabytes.toFixed(0).padStart(8)}   ${ratio}`,
    );
  }
};
