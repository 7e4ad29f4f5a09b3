import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "./run.ts";

/** Runs the command line; gives its exit code and what it says on stderr. */
const runWith = async (...argv: string[]) => {
  let said = "";
  const stream = (take: (text: string) => void) => ({
    write: (text: string, done: () => void) => {
      take(text);
      done();
    },
  });
  const code = await run(argv, { stdout: stream(() => {}), stderr: stream((text) => (said += text)) });
  return { code, said };
};

test("quick and paper exclude each other", async () => {
  expect(await runWith("reproduce", "--quick", "--paper")).toMatchObject({
    code: 2,
    said: expect.stringContaining("cannot be used with"),
  });
});

test("a folder that cannot be made is refused before any work", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arbel-reproduce-"));
  const file = join(folder, "file");
  await writeFile(file, "");
  const { code, said } = await runWith("reproduce", "--quick", "--out", join(file, "report"));
  expect(code).toBe(2);
  expect(said).toContain(file);
  await rm(folder, { recursive: true });
});
