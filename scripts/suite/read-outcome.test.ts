import { expect, test } from "vitest";
import { countOf, differences, readOutcomes } from "./read-outcome.ts";

const PRINTED = `Compiled 2 Solidity files

Running Mocha tests


  Token
    ✔ deploys (12ms)
something that a test prints
    ✔ deploys
    transfers
      1) of too much
      - of nothing

  Other
    ✔ is there


  3 passing (428ms)
  1 failing

  1) Token
       transfers
         of too much:
     Error: no
      at x (y:1:1)

Running node:test tests

  viem
    \u001b[32m✔ reads\u001b[39m (88ms)


4 passing (3 mocha, 1 nodejs)
1 failing (1 mocha)
`;

test("the tests of both runners are read with their outcomes", () => {
  const outcomes = readOutcomes(PRINTED);
  expect([...outcomes]).toEqual([
    ["Token > deploys", "passed"],
    ["Token > deploys (2)", "passed"],
    ["Token > transfers > of too much", "failed"],
    ["Token > transfers > of nothing", "skipped"],
    ["Other > is there", "passed"],
    ["viem > reads", "passed"],
  ]);
  expect(countOf(outcomes, "passed")).toBe(4);
});

test("what differs is named", () => {
  const [one, other] = [readOutcomes(PRINTED), readOutcomes(PRINTED.replace("✔ is there", "1) is there"))];
  expect(differences(one, one)).toEqual([]);
  expect(differences(one, other)).toEqual([{ name: "Other > is there", outcomes: ["passed", "failed"] }]);
});
