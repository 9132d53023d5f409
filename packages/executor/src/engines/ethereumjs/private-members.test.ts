// Every member of ethereumjs that Braid reaches into although it is private, protected or not exported: an upgrade that takes one away, or
// adds a field that a frame would have to set, fails here with a sentence, before it fails somewhere else without one.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { createEVM, type EVM, type ExecResult } from "@ethereumjs/evm";
import { Account, Address } from "@ethereumjs/util";
import { beforeAll, describe, expect, test } from "vitest";
import { PLAIN } from "./evm/gas-table.ts";

type RunState = NonNullable<ExecResult["runState"]>;

/** PUSH1 1 PUSH0 MSTORE STOP */
const CODE = Uint8Array.of(0x60, 1, 0x5f, 0x52, 0);

let evm: EVM;
let runState: RunState;
let common: Common;

beforeAll(async () => {
  common = new Common({ chain: Mainnet, hardfork: Hardfork.Osaka });
  evm = await createEVM({ common });
  const to = new Address(new Uint8Array(20).fill(5));
  await evm.stateManager.putAccount(to, new Account());
  await evm.stateManager.putCode(to, CODE);
  const { execResult } = await evm.runCall({ to, gasLimit: 100_000n });
  if (execResult.runState === undefined) throw new Error("the EVM gave no run state");
  runState = execResult.runState;
});

/** What is reached into, by which file, and the type of what must be there. */
interface Reach {
  of: () => object;
  type: "function" | "object" | "number";
  file: string;
}

const inEvm = () => evm;
const inInterpreter = () => runState.interpreter;
const inCommon = () => common;
const BRAID_EVM = "braid-evm.ts";
const FRAME = "frame-interpreter.ts";
const HOT_LOOP = "hot-loop.ts";

const REACHES: [owner: string, member: string, reach: Reach][] = [
  ["EVM", "_opcodeMap", { of: inEvm, type: "object", file: HOT_LOOP }],
  ["EVM", "_executeCreate", { of: inEvm, type: "function", file: BRAID_EVM }],
  ["EVM", "_tx", { of: inEvm, type: "object", file: BRAID_EVM }],
  ["EVM", "_block", { of: inEvm, type: "object", file: BRAID_EVM }],
  ["EVM", "journal", { of: inEvm, type: "object", file: BRAID_EVM }],
  ["EVM", "_emit", { of: inEvm, type: "function", file: BRAID_EVM }],
  ["EVM", "_reduceSenderBalance", { of: inEvm, type: "function", file: BRAID_EVM }],
  ["EVM", "_addToBalance", { of: inEvm, type: "function", file: BRAID_EVM }],
  ["EVM", "_loadCode", { of: inEvm, type: "function", file: BRAID_EVM }],
  ["EVM", "runPrecompile", { of: inEvm, type: "function", file: BRAID_EVM }],
  ["EVM", "runInterpreter", { of: inEvm, type: "function", file: BRAID_EVM }],
  ["EVM", "performanceLogger", { of: inEvm, type: "object", file: BRAID_EVM }],
  ["EVM", "transientStorage", { of: inEvm, type: "object", file: BRAID_EVM }],
  ["Interpreter", "_runState", { of: inInterpreter, type: "object", file: FRAME }],
  ["Interpreter", "_env", { of: inInterpreter, type: "object", file: FRAME }],
  ["Interpreter", "_result", { of: inInterpreter, type: "object", file: FRAME }],
  ["Interpreter", "_evm", { of: inInterpreter, type: "object", file: FRAME }],
  ["Interpreter", "_stateManager", { of: inInterpreter, type: "object", file: FRAME }],
  ["Interpreter", "common", { of: inInterpreter, type: "object", file: FRAME }],
  ["Interpreter", "run", { of: inInterpreter, type: "function", file: FRAME }],
  ["Interpreter", "lookupOpInfo", { of: inInterpreter, type: "function", file: FRAME }],
  ["Interpreter", "useGas", { of: inInterpreter, type: "function", file: FRAME }],
  ["Interpreter", "refundGas", { of: inInterpreter, type: "function", file: FRAME }],
  ["Interpreter", "_baseCall", { of: inInterpreter, type: "function", file: FRAME }],
  ["Interpreter", "create", { of: inInterpreter, type: "function", file: FRAME }],
  ["Interpreter", "_selfDestruct", { of: inInterpreter, type: "function", file: FRAME }],
  ["Stack", "_store", { of: () => runState.stack, type: "object", file: HOT_LOOP }],
  ["Stack", "_len", { of: () => runState.stack, type: "number", file: HOT_LOOP }],
  ["Memory", "_store", { of: () => runState.memory, type: "object", file: HOT_LOOP }],
  ["Common", "_chainParams", { of: inCommon, type: "object", file: "prepare-block.ts and requests.ts" }],
  ["Common", "_eips", { of: inCommon, type: "object", file: "prepare-block.ts" }],
  ["Common", "HARDFORK_CHANGES", { of: inCommon, type: "object", file: "chain-config.ts" }],
];

test.each(REACHES)("%s has its member %s", (owner, member, { of, type, file }) => {
  const value: unknown = Reflect.get(of(), member);
  expect(
    value === null ? "null" : typeof value,
    `ethereumjs's ${owner} has no member "${member}" of this type any more: look at what ${file} does with it`,
  ).toBe(type);
});

describe("what Braid reaches into", () => {
  /** ["_x"], `override _x`, `this._x`, Reflect.set(evm, "x"): how sources reach a member that is not public. */
  const PATTERNS = [
    /\["(_[a-zA-Z]+|[A-Z_]{3,})"\]/g,
    /override (?:async )?(_[a-zA-Z]+)/g,
    /[a-z)]\.(_[a-zA-Z]+)/g,
    /Reflect\.[a-z]+\(\w+, "(\w+)"/g,
  ];
  /** Reached into as any object that looks like a Common: members that are not there are expected. */
  const PROBED = new Set(["depositContractAddress"]);

  test("stands in the list above, all of it", () => {
    const packages = fileURLToPath(new URL("../../../../", import.meta.url));
    const known = new Set(REACHES.map(([, member]) => member));
    const unknown = globSync("*/src/**/*.ts", { cwd: packages })
      .filter((path) => !/\.test\.ts$|\/testing\//.test(path))
      .flatMap((path) => {
        const text = readFileSync(join(packages, path), "utf8");
        if (!text.includes("@ethereumjs/") && !text.includes("Common")) return [];
        return PATTERNS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, member = ""]) => member))
          .filter((member) => !known.has(member) && !PROBED.has(member))
          .map((member) => `${path} reaches into ${member}`);
      });
    expect(unknown).toEqual([]);
  });
});

describe("what a frame sets when it begins", () => {
  /** As FrameInterpreter.begin and BraidEvm.runInterpreter write them. */
  const RUN_STATE = [
    "programCounter",
    "opCode",
    "memory",
    "memoryWordCount",
    "highestMemCost",
    "stack",
    "code",
    "validJumps",
    "cachedPushes",
    "stateManager",
    "blockchain",
    "env",
    "shouldDoJumpAnalysis",
    "interpreter",
    "gasRefund",
    "gasLeft",
    "stateGasSpilled",
    "returnBytes",
  ];
  const ENV = [
    "address",
    "caller",
    "callData",
    "callValue",
    "code",
    "isStatic",
    "isCreate",
    "depth",
    "gasPrice",
    "origin",
    "block",
    "contract",
    "codeAddress",
    "gasRefund",
    "chargeCodeAccesses",
    "blobVersionedHashes",
    "accessWitness",
    "createdAddresses",
    "initialLogs",
  ];
  const RESULT = ["logs", "returnValue", "selfdestruct", "createdAddresses"];
  /** Set by handlers in the middle of a frame, and by EOF, which no fork of the main network has. */
  const SET_LATER = ["messageGasLimit", "eof"];

  test.each([
    ["the run state", RUN_STATE, () => Reflect.get(runState.interpreter, "_runState") as object],
    ["the environment", ENV, () => runState.env],
    ["the result", RESULT, () => runState.interpreter._result],
  ] as const)("is all that %s has", (what, set, of) => {
    const known = new Set<string>([...set, ...SET_LATER]);
    expect(
      Object.keys(of()).filter((key) => !known.has(key)),
      `ethereumjs gives ${what} of a frame fields that frame-interpreter.ts and braid-evm.ts do not set`,
    ).toEqual([]);
  });
});

test("what the hot loop runs by ethereumjs's handlers is synchronous", () => {
  const map = evm["_opcodeMap"];
  for (const opcode of PLAIN) {
    const { opcodeInfo, opHandler } = map[opcode] as (typeof map)[number];
    if (opcodeInfo.isInvalid) continue;
    expect(
      opHandler.constructor.name,
      `the handler of ${opcodeInfo.name} answers with a promise: take it out of PLAIN in gas-table.ts`,
    ).toBe("Function");
    expect(
      opcodeInfo.dynamicGas,
      `${opcodeInfo.name} has a dynamic price, which the hot loop does not ask for`,
    ).toBe(false);
  }
});

test("an execution's result leads to the Interpreter class", () => {
  const Interpreter: unknown = runState.interpreter.constructor;
  expect(Interpreter, "braid-evm.ts derives its frames from this class").toBeTypeOf("function");
  expect(Reflect.get(runState.interpreter, "run")).toBe(Reflect.get(Interpreter as object, "prototype").run);
});
