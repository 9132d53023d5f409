// The logs of a unit: each one as its RLP item in EVM_LOGS, behind its length and number of topics. A frame that fails takes its logs back by
// their end.

import { ACCOUNT_ADDRESS, EVM_LOGS, EVM_RETURN, EXIT_UNSUPPORTED } from "../../src/layout";
import { bloomAdd } from "../keccak";
import { evm } from "../memory";
import { headerLength, writeHeader } from "../rlp";
import { A_RECORD } from "./entries";
import { FRAME_SELF, frame, logsEnd, setLogsEnd, stop } from "./machine";
import { writeBytes } from "./u256";

const ITEM_LENGTH: u32 = 0;
const ITEM_TOPICS: u32 = 4;
const ITEM: u32 = 8;

const ADDRESS_RLP: u32 = 21;
const TOPIC_RLP: u32 = 33;

/** LOG0 to LOG4 of the frame's account: `topics` words whose first one is the highest item at `first`. False: the EVM stops. */
export function addLog(data: u32, length: u32, topics: u32, first: u32): bool {
  const single = length == 1 && load<u8>(data) < 0x80;
  const dataRlp = single ? 1 : headerLength(length) + length;
  const topicsLength = topics * TOPIC_RLP;
  const payload = ADDRESS_RLP + headerLength(topicsLength) + topicsLength + dataRlp;
  const item = headerLength(payload) + payload;
  const start = logsEnd;
  if (item > u32(EVM_RETURN - EVM_LOGS) || start + ITEM + item > evm + EVM_RETURN) return stop(EXIT_UNSUPPORTED);
  store<u32>(start, item, ITEM_LENGTH);
  store<u32>(start, topics, ITEM_TOPICS);
  let at = writeHeader(start + ITEM, payload, 0xc0);
  store<u8>(at, 0x94);
  memory.copy(at + 1, load<u32>(load<u32>(frame, FRAME_SELF), A_RECORD) + ACCOUNT_ADDRESS, 20);
  at = writeHeader(at + ADDRESS_RLP, topicsLength, 0xc0);
  for (let i: u32 = 0; i < topics; i++) {
    store<u8>(at, 0xa0);
    writeBytes(first - (i << 5), at + 1);
    at += TOPIC_RLP;
  }
  if (!single) at = writeHeader(at, length, 0x80);
  memory.copy(at, data, length);
  setLogsEnd(start + ITEM + item);
  return true;
}

/** Bytes of all logs without the header of their list. */
export function logsLength(): u32 {
  let length: u32 = 0;
  for (let at = evm + EVM_LOGS; at < logsEnd; at += ITEM + load<u32>(at, ITEM_LENGTH)) length += load<u32>(at, ITEM_LENGTH);
  return length;
}

/** Writes all logs one after the other and adds them to the bloom. Answers the address behind them. */
export function writeLogs(target: u32, bloom: u32): u32 {
  let at = evm + EVM_LOGS;
  while (at < logsEnd) {
    const length = load<u32>(at, ITEM_LENGTH);
    const topics = load<u32>(at, ITEM_TOPICS);
    memory.copy(target, at + ITEM, length);
    // The header of the item is as long as its first byte says.
    const first = u32(load<u8>(target));
    const address = target + (first < 0xf8 ? 1 : first - 0xf7 + 1) + 1;
    bloomAdd(bloom, address, 20);
    let topic = address + 20 + headerLength(topics * TOPIC_RLP) + 1;
    for (let i: u32 = 0; i < topics; i++) {
      bloomAdd(bloom, topic, 32);
      topic += TOPIC_RLP;
    }
    target += length;
    at += ITEM + length;
  }
  return target;
}
