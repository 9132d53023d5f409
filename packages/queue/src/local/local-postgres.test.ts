// The Postgres of this machine: found again when who started it was killed, and honest about where it cannot be.
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Queue } from "../queue.ts";
import { localUrl, startLocal } from "./local-postgres.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-local-"));
});
afterEach(() => rm(folder, { recursive: true }));

const options = { applicationName: "test", signal: new AbortController().signal };

test("who comes next finds it as it was, running or not, at the same place", async () => {
  await chmod(folder, 0o755);
  const path = join(folder, "postgres");
  await expect(localUrl(path)).rejects.toMatchObject({ code: "BRAID_QUEUE_LOCAL" });
  const first = await startLocal(path);
  {
    await using queue = await Queue.open(first.url, options);
    await queue.query(
      "INSERT INTO braid.runs (run, source, options, braid) VALUES ('kept', '{}', '{}', 'test')",
    );
  }
  // As if the first one had been killed.
  const second = await startLocal(path);
  expect(second.url).toBe(first.url);
  await second.stop();
  const third = await startLocal(path);
  try {
    expect(third.url).toBe(await localUrl(path));
    await using queue = await Queue.open(third.url, options);
    expect(await queue.query("SELECT run FROM braid.runs")).toEqual([{ run: "kept" }]);
    // Of the password nobody else can know.
    expect((await stat(join(path, "password"))).mode & 0o077).toBe(0);
    expect(await readFile(join(path, "log"), "utf8")).not.toContain(
      await readFile(join(path, "password"), "utf8"),
    );
  } finally {
    await third.stop();
  }
});

test("a folder in which it cannot be made is told, with what to do", async () => {
  await writeFile(join(folder, "file"), "");
  await expect(startLocal(join(folder, "file", "postgres"))).rejects.toMatchObject({
    code: "BRAID_QUEUE_LOCAL",
  });
});

test.skipIf(process.getuid?.() !== 0)(
  "as root it is another user who must reach the folder (only root can see that)",
  async () => {
    await chmod(folder, 0o700);
    const started = startLocal(join(folder, "postgres"));
    await expect(started).rejects.toMatchObject({
      code: "BRAID_QUEUE_LOCAL",
      message: expect.stringContaining("root"),
    });
  },
);
