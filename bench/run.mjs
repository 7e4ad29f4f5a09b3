// npm run bench: everything that is measured, beside its peer in the same run.
import { benchAutomaton } from "./automaton.mjs";
import { benchSampling } from "./sampling.mjs";
import { benchSweep } from "./sweep.mjs";

await benchSweep();
benchAutomaton();
benchSampling();
