// What finding out who signed a transaction costs: the libraries that install without a compiler, one after the other on the same signatures, and Braid's
// way around the one it takes. Processor time, in turn, so it says something on a machine that others use too.
//
//   npx -y pnpm@12 bench:recovery [--rounds 15] [--count 200]
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { instantiateSecp256k1 } from "@bitauth/libauth";
import { recoverSender } from "@braid/executor";
import { equalBytes, Random } from "@braid/primitives";
import { decodeTransaction } from "@braid/protocol";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder } from "@braid/testing/block-builder";
import { secp256k1 as noble } from "@noble/curves/secp256k1.js";
import { recover as recoverTiny } from "tiny-secp256k1";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { RecoveryMeasurement } from "./measurements.ts";
import { recoveryTable } from "./recovery-table.ts";
import { writeResult } from "./results.ts";

const WARM_UP_ROUNDS = 3;
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, count: { type: "string", default: "200" } },
});

interface Signed {
  hash: Uint8Array;
  signature: Uint8Array;
  /** As noble wants it: the recovery first. */
  recovered: Uint8Array;
  recovery: 0 | 1 | 2 | 3;
  publicKey: Uint8Array;
}

const native: typeof import("secp256k1") = createRequire(import.meta.url)("secp256k1/bindings.js");
const libauth = await instantiateSecp256k1();
const random = new Random(11);
const signed = Array.from({ length: Number(values.count) }, (): Signed => {
  const key = new Uint8Array(32).map(() => random.below(256));
  const hash = new Uint8Array(32).map(() => random.below(256));
  const { signature, recid } = native.ecdsaSign(hash, key);
  return {
    hash,
    signature,
    recovered: Uint8Array.of(recid, ...signature),
    recovery: recid as Signed["recovery"],
    publicKey: native.publicKeyCreate(key, false),
  };
});

const room = new Uint8Array(65);
const LIBRARIES: Record<string, (one: Signed) => Uint8Array | string | null> = {
  "secp256k1 (native)": ({ signature, recovery, hash }) =>
    native.ecdsaRecover(signature, recovery, hash, false, room),
  "@bitauth/libauth (WebAssembly)": ({ signature, recovery, hash }) =>
    libauth.recoverPublicKeyUncompressed(signature, recovery, hash),
  "tiny-secp256k1 (WebAssembly)": ({ signature, recovery, hash }) =>
    recoverTiny(hash, signature, recovery, false),
  "@noble/curves (JavaScript)": ({ recovered, hash }) =>
    noble.Signature.fromBytes(recovered, "recovered").recoverPublicKey(hash).toBytes(false),
};
for (const [name, recover] of Object.entries(LIBRARIES))
  for (const one of signed)
    if (!equalBytes(recover(one) as Uint8Array, one.publicKey)) throw new Error(`${name} finds another key`);

const builder = new BlockBuilder("prague", { gasLimit: 1_000_000_000n });
for (let i = 0; i < signed.length; i++) {
  builder.fund(keyed(i));
  builder.send({ from: keyed(i), to: plainAddress(i), value: 1n, data: new Uint8Array(68).fill(i + 1) });
}
const { chain, input } = await builder.build();
if (!("transactions" in input)) throw new Error("a block that is not decoded");
const rules = chain.rulesAt(input.header);
const transactions = input.transactions.map((raw) => ({ raw, tx: decodeTransaction(raw) }));

const SIDES: Record<string, () => void> = {
  ...Object.fromEntries(
    Object.entries(LIBRARIES).map(([name, recover]) => [name, () => each(signed, (one) => recover(one))]),
  ),
  "Braid, from a decoded transaction to its sender": () =>
    each(transactions, ({ raw, tx }) => recoverSender(raw, tx, rules)),
  "Braid, decoding the transaction": () => each(transactions, ({ raw }) => decodeTransaction(raw)),
};

function each<Item>(items: readonly Item[], action: (item: Item) => unknown): void {
  for (const item of items) action(item);
}

const rows = Object.keys(SIDES).map((name) => ({ name, microseconds: [] as number[] }));
const environment = describeEnvironment("bench:recovery");
for (let round = 0; round < WARM_UP_ROUNDS + Number(values.rounds); round++)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[(i + round) % rows.length] as (typeof rows)[number];
    const before = process.cpuUsage();
    SIDES[row.name]?.();
    const { user, system } = process.cpuUsage(before);
    if (round >= WARM_UP_ROUNDS) row.microseconds.push((user + system) / signed.length);
  }
const measurement: RecoveryMeasurement = { environment, signatures: signed.length, rows };
console.log(formatEnvironment(environment));
console.log(recoveryTable(measurement));
console.log(`written to ${writeResult("recovery", measurement)}`);
