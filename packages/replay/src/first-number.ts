// The number of a block or of a bundle's first block from the beginning of its RLP: for the order of files, without decoding them.
import { bytesToBigInt, type RlpItem, readRlpItem } from "@braid/primitives";

/** Where a header has its number. */
const NUMBER_FIELD = 8;

/** The number's bytes in a block's RLP; undefined when it is no block's. */
export function numberOfBlock(rlp: Uint8Array): Uint8Array | undefined {
  return numberOfHeader(rlp, readRlpItem(rlp, 0)?.content);
}

/** The number's bytes in the header that begins at a position; undefined when none does. */
function numberOfHeader(rlp: Uint8Array, start: number | undefined): Uint8Array | undefined {
  const header = start === undefined ? undefined : readRlpItem(rlp, start);
  if (header?.isList !== true) return undefined;
  let item = readRlpItem(rlp, header.content);
  for (let index = 0; index < NUMBER_FIELD && item !== undefined; index++) item = readRlpItem(rlp, item.end);
  if (item === undefined || item.isList || item.end > header.end) return undefined;
  return contentOf(rlp, item);
}

/**
 * The number of a bundle's first block from the first bytes of its payload: its section "first", or the number of its parent plus one.
 * Undefined when neither is among them.
 */
export function numberOfPayload(start: Uint8Array): bigint | undefined {
  const prefix = start[0] ?? 0;
  if (prefix < 0xc0) return undefined;
  // The list of sections ends beyond what is there.
  for (let at = prefix > 0xf7 ? prefix - 0xf7 + 1 : 1; ; ) {
    const section = readRlpItem(start, at);
    if (section?.isList !== true) return undefined;
    const name = readRlpItem(start, section.content);
    const value = name === undefined ? undefined : readRlpItem(start, name.end);
    if (name === undefined || value === undefined || value.isList) return undefined;
    const key = new TextDecoder("latin1").decode(contentOf(start, name));
    const content = contentOf(start, value);
    if (key === "first") return bytesToBigInt(content);
    if (key === "parent") {
      const number = numberOfHeader(content, 0);
      return number === undefined ? undefined : bytesToBigInt(number) + 1n;
    }
    at = section.end;
  }
}

function contentOf(bytes: Uint8Array, item: RlpItem): Uint8Array {
  return bytes.subarray(item.content, item.end);
}
