// Whether a fixture's JSON has what its kind of test needs. What is in the fields is for the run to judge: a wrong block must be rejected by Braid.

import { jsonBytes, jsonList, jsonObject, jsonQuantity, jsonText } from "@braid/primitives";

/** Throws FileError BRAID_FILE_MALFORMED when a field of a blockchain test is missing or of another type. */
export function checkBlockchainFixture(fixture: object): void {
  const test = checkCommon(fixture);
  jsonBytes(test.genesisRLP, "genesisRLP");
  for (const [i, value] of jsonList(test.blocks, "blocks").entries()) {
    const block = jsonObject(value, `blocks[${i}]`);
    jsonBytes(block.rlp, `blocks[${i}].rlp`);
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
    optional(versionedHashes, `${path}.params[1]`, byteStrings);
    optional(beaconRoot, `${path}.params[2]`, jsonBytes);
    optional(requests, `${path}.params[3]`, byteStrings);
  }
}

/** As checkBlockchainFixture, for a state test. */
export function checkStateFixture(fixture: object): void {
  const test = jsonObject(fixture, "the test");
  checkFields(jsonObject(test.env, "env"), "env", ENVIRONMENT_NUMBERS, ["currentCoinbase"]);
  jsonObject(test.pre, "pre");
  optional(jsonObject(test.transaction, "transaction").sender, "transaction.sender", jsonText);
  for (const [fork, posts] of Object.entries(jsonObject(test.post, "post"))) {
    for (const [i, value] of jsonList(posts, `post.${fork}`).entries()) {
      const post = jsonObject(value, `post.${fork}[${i}]`);
      for (const name of ["hash", "logs", "txbytes"]) jsonBytes(post[name], `post.${fork}[${i}].${name}`);
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
  checkFields(header, "genesisBlockHeader", HEADER_NUMBERS, HEADER_BYTES);
  checkConfig(test.config);
  return test;
}

const ENVIRONMENT_NUMBERS = [
  "currentNumber",
  "currentTimestamp",
  "currentGasLimit",
  "currentDifficulty",
  "currentRandom",
  "currentBaseFee",
  "currentExcessBlobGas",
  "slotNumber",
];
const HEADER_NUMBERS = [
  "difficulty",
  "number",
  "gasLimit",
  "gasUsed",
  "timestamp",
  "baseFeePerGas",
  "blobGasUsed",
  "excessBlobGas",
  "slotNumber",
];
const HEADER_BYTES = [
  "parentHash",
  "uncleHash",
  "coinbase",
  "stateRoot",
  "transactionsTrie",
  "receiptTrie",
  "bloom",
  "extraData",
  "mixHash",
  "nonce",
  "withdrawalsRoot",
  "parentBeaconBlockRoot",
  "requestsHash",
  "blockAccessListHash",
];
const PAYLOAD_NUMBERS = [
  "blockNumber",
  "gasLimit",
  "gasUsed",
  "timestamp",
  "baseFeePerGas",
  "blobGasUsed",
  "excessBlobGas",
  "slotNumber",
];
const PAYLOAD_BYTES = [
  "parentHash",
  "feeRecipient",
  "stateRoot",
  "receiptsRoot",
  "logsBloom",
  "prevRandao",
  "extraData",
  "blockHash",
  "blockAccessList",
];
/** A payload of the first version has all of the others. */
const OPTIONAL_IN_PAYLOAD = ["blobGasUsed", "excessBlobGas", "slotNumber", "blockAccessList"];

function checkPayload(payload: Record<string, unknown>, path: string): void {
  for (const name of [...PAYLOAD_NUMBERS, ...PAYLOAD_BYTES])
    if (!OPTIONAL_IN_PAYLOAD.includes(name)) jsonText(payload[name], `${path}.${name}`);
  checkFields(payload, path, PAYLOAD_NUMBERS, PAYLOAD_BYTES);
  byteStrings(payload.transactions, `${path}.transactions`);
  optional(payload.withdrawals, `${path}.withdrawals`, (value, where) => {
    for (const [i, item] of jsonList(value, where).entries()) {
      const withdrawal = jsonObject(item, `${where}[${i}]`);
      for (const name of ["index", "validatorIndex", "amount"])
        jsonQuantity(withdrawal[name], `${where}[${i}].${name}`);
      jsonBytes(withdrawal.address, `${where}[${i}].address`);
    }
  });
}

/** Those of the fields that are there. Numbers are text, as they are read later. */
function checkFields(
  object: Record<string, unknown>,
  path: string,
  numbers: readonly string[],
  bytes: readonly string[],
): void {
  for (const name of numbers)
    optional(object[name], `${path}.${name}`, (value, where) => jsonQuantity(jsonText(value, where), where));
  for (const name of bytes)
    optional(object[name], `${path}.${name}`, (value, where) => jsonBytes(value, where));
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

function byteStrings(value: unknown, path: string): void {
  for (const [i, item] of jsonList(value, path).entries()) jsonBytes(item, `${path}[${i}]`);
}

function optional(value: unknown, path: string, check: (value: unknown, path: string) => unknown): void {
  if (value !== undefined) check(value, path);
}
