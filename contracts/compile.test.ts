// compiled/ belongs to the sources as they are.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { COMPILED } from "@braid/workloads";
import { expect, it } from "vitest";
import { compileContracts, formatFamily } from "./compile.ts";

it("holds what Hardhat makes of src/ now; otherwise run `node contracts/compile.ts`", async () => {
  const families = await compileContracts();
  expect((await readdir(COMPILED)).sort()).toEqual(
    [...families.keys()].map((family) => `${family}.json`).sort(),
  );
  for (const [family, contracts] of families)
    expect(formatFamily(contracts), family).toBe(await readFile(join(COMPILED, `${family}.json`), "utf8"));
});
