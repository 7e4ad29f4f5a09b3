/**
 * Which room may import which, and where Node may appear: `npm run check:imports`.
 *
 * Imports flow one way: space ← bellman ← learn ← steer ← paper ← cli; bellman alone knows the kernels.
 */

/** The rooms that each room may import. A folder of src/ that is not listed here is refused. */
const ROOMS = {
  space: [],
  kernels: [],
  bellman: ["space", "kernels"],
  learn: ["space", "bellman"],
  steer: ["space", "bellman", "learn"],
  paper: ["space", "bellman", "learn", "steer"],
  cli: ["space", "bellman", "learn", "steer", "paper"],
};

/** The file through which a room is entered; files on disk are an entrance of their own, for Node only. */
const ENTRANCES = "^src/[^/]+/(index|files/index|engine/node/index|models/node/index)\\.ts$";

/** Files of the browser's rooms that need Node: files on disk and native engines, which the room's index does not import. */
const NODE_FILES = "^src/((space|learn)/files|learn/engine/node|steer/models/node|steer/grammars/node)/";

const TESTS = "\\.test\\.ts$|/testing/";

/** Each room imports the rooms it is given, and no other. */
const directions = Object.entries(ROOMS).map(([room, imports]) => ({
  name: `direction-${room}`,
  comment: `${room} imports ${imports.length > 0 ? imports.join(", ") : "no other room"}.`,
  severity: "error",
  from: { path: `^src/${room}/` },
  to: { path: "^src/", pathNot: [room, ...imports].map((name) => `^src/${name}/`) },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...directions,
    {
      name: "known-rooms",
      comment: "A new room first says, in this file, what it imports.",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: `^src/(${Object.keys(ROOMS).join("|")})/` },
      to: {},
    },
    {
      name: "through-the-index",
      comment: "A room is imported through its index.ts, so that its inside can change.",
      severity: "error",
      from: { path: "^src/([^/]+)/", pathNot: TESTS },
      to: { path: "^src/[^/]+/", pathNot: ["^src/$1/", ENTRANCES] },
    },
    {
      name: "tests-through-the-index",
      comment: "Tests may also use another room's test helpers.",
      severity: "error",
      from: { path: "^src/([^/]+)/.*(\\.test\\.ts$|/testing/)" },
      to: { path: "^src/[^/]+/", pathNot: ["^src/$1/", ENTRANCES, "^src/[^/]+/testing/"] },
    },
    {
      name: "no-cycles",
      comment: "A file that is imported cannot need its importer.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-node-in-the-browser",
      comment: "These rooms run in the lab's page: Node's modules only as types, or in the files of NODE_FILES.",
      severity: "error",
      from: { path: "^src/(space|kernels|bellman|learn|steer)/", pathNot: `${NODE_FILES}|${TESTS}` },
      to: { dependencyTypes: ["core"], dependencyTypesNot: ["type-only", "type-import"] },
    },
    {
      name: "no-node-through-the-index",
      comment: "What a browser imports does not lead to a module that only Node has.",
      severity: "error",
      from: { path: "^src/(index|(space|kernels|bellman|learn|steer)/index)\\.ts$" },
      to: { path: "^(fs|fs/promises|path|os|child_process|crypto|module)$", reachable: true },
    },
    {
      name: "no-tests-in-the-product",
      comment: "Tests and their helpers are not shipped.",
      severity: "error",
      from: { path: "^src/", pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: "shipped-dependencies",
      comment: "What src imports is in dependencies, or users do not have it; of the optional peers, only types.",
      severity: "error",
      from: { path: "^src/", pathNot: TESTS },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        pathNot: "^node_modules/(@types|onnxruntime-node|node-llama-cpp)/",
      },
    },
    {
      name: "resolvable",
      comment: "An import that leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^src/kernels/assembly/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
