// The public names of @braid/primitives: bytes, hex and errors, which every other package builds on.

export {
  DEFAULT_MAX_FILE_BYTES,
  FileError,
  type FileErrorCode,
  gunzipBounded,
  isGzip,
  parseJsonBounded,
  readBounded,
  readStart,
  tooLarge,
  unreadable,
} from "./bounded-input.ts";
export { Bytes32RangeError, bigIntToBytes32, bytesToBigInt, concatBytes, equalBytes } from "./bytes.ts";
export {
  BaseError,
  type BaseErrorOptions,
  deserializeError,
  type ErrorClasses,
  errorClasses,
  type SerializedError,
  serializeError,
} from "./errors.ts";
export { bytesToHex, type Hex, hexToBytes, InvalidHexError } from "./hex.ts";
export {
  type JsonObject,
  type JsonPath,
  jsonBytes,
  jsonList,
  jsonObject,
  jsonQuantity,
  jsonText,
} from "./json-fields.ts";
export { Mutex } from "./mutex.ts";
export { Random } from "./random.ts";
export {
  countRlpItems,
  minimalBytes,
  minimalBytesOfNumber,
  type RlpItem,
  readRlpItem,
  rlpListLength,
  rlpOfBigInt,
  rlpOfBytes,
  rlpOfList,
  rlpStringLength,
  writeRlpListHeader,
  writeRlpString,
  writeRlpStringHeader,
} from "./rlp.ts";
export { comesFirst, type Payer, Slices, type SlicesOptions } from "./slices.ts";
export { atOnce, promised, type Steps, wait } from "./steps.ts";
