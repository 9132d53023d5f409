// A node that is killed under load, or in the middle of an import, has all that it has acknowledged. A few times here; `kill-loop.ts` does it
// as often as it is told to.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { killLoop } from "./kill-loop.ts";
import { tornImports } from "./torn-imports.ts";

const folder = mkdtempSync(join(tmpdir(), "braid-kills-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("killed six times under load", { timeout: 300_000 }, async () => {
  const { receipts } = await killLoop({ folder: join(folder, "node"), kills: 6, clients: 3, seed: 1 });
  expect(receipts.length).toBeGreaterThan(0);
});

test("killed three times in the middle of an import", { timeout: 300_000 }, async () => {
  expect(await tornImports({ folder: join(folder, "import"), kills: 3, seed: 2 })).toHaveLength(3);
});
