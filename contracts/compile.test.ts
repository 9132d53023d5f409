// compiled.json belongs to the sources as they are.
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { compileContracts, formatCompiled } from "./compile.ts";

it("holds what Hardhat makes of src/*.sol now; otherwise run `node contracts/compile.ts`", async () => {
  const committed = await readFile(new URL("compiled.json", import.meta.url), "utf8");
  expect(formatCompiled(await compileContracts())).toBe(committed);
});
