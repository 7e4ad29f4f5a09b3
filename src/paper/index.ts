export { type ReportProgress, reproduce } from "./reproduce.ts";
