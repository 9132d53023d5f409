// Whether a fixture's JSON has what its kind of test needs. What is in the fields is for the run to judge: a wrong block must be rejected by Braid.

import { jsonList, jsonObject, jsonQuantity, jsonText } from "@braid/primitives";

/** Throws FileError BRAID_FILE_MALFORMED when a field of a blockchain test is missing or of another type. */
export function checkBlockchainFixture(fixture: object): void {
  const test = checkCommon(fixture);
  jsonText(test.genesisRLP, "genesisRLP");
  for (const [i, value] of jsonList(test.blocks, "blocks").entries()) {
    const block = jsonObject(value, `blocks[${i}]`);
    jsonText(block.rlp, `blocks[${i}].rlp`);
    optional(block.expectException, `blocks[${i}].expectException`, jsonText);
    optional(block.blockAccessList, `blocks[${i}].blockAccessList`, jsonList);
  }
}

/** As checkBlockchainFixture, for a test in the form of engine_newPayload calls. */
export function checkEngineFixture(fixture: object): void {
  const test = checkCommon(fixture);
  for (const [i, value] of jsonList(test.engineNewPayloads, "engineNewPayloads").entries()) {
    const path = `engineNewPayloads[${i}]`;
    const call = jsonObject(value, path);
    optional(call.validationError, `${path}.validationError`, jsonText);
    const [payload, versionedHashes, beaconRoot, requests] = jsonList(call.params, `${path}.params`);
    checkPayload(jsonObject(payload, `${path}.params[0]`), `${path}.params[0]`);
    optional(versionedHashes, `${path}.params[1]`, texts);
    optional(beaconRoot, `${path}.params[2]`, jsonText);
    optional(requests, `${path}.params[3]`, texts);
  }
}

/** As checkBlockchainFixture, for a state test. */
export function checkStateFixture(fixture: object): void {
  const test = jsonObject(fixture, "the test");
  for (const [name, value] of Object.entries(jsonObject(test.env, "env"))) jsonText(value, `env.${name}`);
  jsonObject(test.pre, "pre");
  optional(jsonObject(test.transaction, "transaction").sender, "transaction.sender", jsonText);
  for (const [fork, posts] of Object.entries(jsonObject(test.post, "post"))) {
    for (const [i, value] of jsonList(posts, `post.${fork}`).entries()) {
      const post = jsonObject(value, `post.${fork}[${i}]`);
      for (const name of ["hash", "logs", "txbytes"]) jsonText(post[name], `post.${fork}[${i}].${name}`);
      optional(post.expectException, `post.${fork}[${i}].expectException`, jsonText);
    }
  }
  checkConfig(test.config);
}

function checkCommon(fixture: object): Record<string, unknown> {
  const test = jsonObject(fixture, "the test");
  jsonText(test.network, "network");
  jsonText(test.lastblockhash, "lastblockhash");
  jsonObject(test.pre, "pre");
  optional(test.postState, "postState", jsonObject);
  optional(test.postStateHash, "postStateHash", jsonText);
  const header = jsonObject(test.genesisBlockHeader, "genesisBlockHeader");
  jsonText(header.hash, "genesisBlockHeader.hash");
  for (const [name, value] of Object.entries(header)) optional(value, `genesisBlockHeader.${name}`, jsonText);
  checkConfig(test.config);
  return test;
}

const PAYLOAD_TEXTS = [
  "parentHash",
  "feeRecipient",
  "stateRoot",
  "receiptsRoot",
  "logsBloom",
  "prevRandao",
  "blockNumber",
  "gasLimit",
  "gasUsed",
  "timestamp",
  "extraData",
  "baseFeePerGas",
  "blockHash",
];
const OPTIONAL_PAYLOAD_TEXTS = ["blobGasUsed", "excessBlobGas", "blockAccessList", "slotNumber"];
const WITHDRAWAL_TEXTS = ["index", "validatorIndex", "address", "amount"];

function checkPayload(payload: Record<string, unknown>, path: string): void {
  for (const name of PAYLOAD_TEXTS) jsonText(payload[name], `${path}.${name}`);
  for (const name of OPTIONAL_PAYLOAD_TEXTS) optional(payload[name], `${path}.${name}`, jsonText);
  texts(payload.transactions, `${path}.transactions`);
  optional(payload.withdrawals, `${path}.withdrawals`, (value, where) => {
    for (const [i, item] of jsonList(value, where).entries()) {
      const withdrawal = jsonObject(item, `${where}[${i}]`);
      for (const name of WITHDRAWAL_TEXTS) jsonText(withdrawal[name], `${where}[${i}].${name}`);
    }
  });
}

function checkConfig(config: unknown): void {
  optional(config, "config", (value) => {
    const { chainid, blobSchedule } = jsonObject(value, "config");
    optional(chainid, "config.chainid", jsonQuantity);
    optional(blobSchedule, "config.blobSchedule", (schedule) => {
      for (const [fork, parameters] of Object.entries(jsonObject(schedule, "config.blobSchedule"))) {
        const path = `config.blobSchedule.${fork}`;
        const blob = jsonObject(parameters, path);
        for (const name of ["target", "max", "baseFeeUpdateFraction"])
          jsonQuantity(blob[name], `${path}.${name}`);
      }
    });
  });
}

function texts(value: unknown, path: string): void {
  for (const [i, text] of jsonList(value, path).entries()) jsonText(text, `${path}[${i}]`);
}

function optional(value: unknown, path: string, check: (value: unknown, path: string) => unknown): void {
  if (value !== undefined) check(value, path);
}
