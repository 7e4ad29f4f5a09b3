export * from "./bellman/index.ts";
export * from "./space/index.ts";
