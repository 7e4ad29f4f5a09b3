/** How a student learns a target (theory §9). */
export type ObjectiveName = "forward-kl" | "reverse-kl" | "bellman" | "path-consistency";

/** All objectives. */
export const OBJECTIVE_NAMES: readonly ObjectiveName[] = ["forward-kl", "reverse-kl", "bellman", "path-consistency"];
