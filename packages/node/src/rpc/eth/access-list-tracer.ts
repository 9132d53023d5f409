// What a call accesses besides its sender, its receiver and precompiles (EIP-2930): the opcodes say it before they run.

import type { CallMessage, Tracer, TraceStep } from "@braid/executor";
import { bigIntToBytes32, bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import type { AccessListEntry } from "@braid/protocol";
import { isPrecompile } from "../precompiles.ts";

const SLOT_OPCODES = new Set(["SLOAD", "SSTORE"]);
/** Where on the stack the opcode has an address, counted from the top. */
const ADDRESS_OPCODES: Readonly<Record<string, number>> = {
  BALANCE: 1,
  EXTCODECOPY: 1,
  EXTCODEHASH: 1,
  EXTCODESIZE: 1,
  SELFDESTRUCT: 1,
  CALL: 2,
  CALLCODE: 2,
  DELEGATECALL: 2,
  STATICCALL: 2,
};

export class AccessListTracer implements Tracer {
  readonly #slots = new Map<Hex, Set<Hex>>();
  readonly #excluded: ReadonlySet<Hex>;

  /** @param list what it begins with. */
  constructor({ from, to }: CallMessage, list: readonly AccessListEntry[]) {
    this.#excluded = new Set(
      [from ?? new Uint8Array(20), to].flatMap((one) => (one === undefined ? [] : [bytesToHex(one)])),
    );
    for (const { address, slots } of list)
      this.#slots.set(bytesToHex(address), new Set(slots.map(bytesToHex)));
  }

  step({ opcode, stack, address }: TraceStep): void {
    if (SLOT_OPCODES.has(opcode.name)) {
      const slot = stack.at(-1);
      if (slot !== undefined) this.#slotsOf(bytesToHex(address.bytes)).add(bytesToHex(bigIntToBytes32(slot)));
      return;
    }
    const depth = ADDRESS_OPCODES[opcode.name];
    const word = depth === undefined ? undefined : stack.at(-depth);
    if (word === undefined) return;
    const accessed = bigIntToBytes32(BigInt.asUintN(160, word)).subarray(12);
    const key = bytesToHex(accessed);
    if (!isPrecompile(accessed) && !this.#excluded.has(key)) this.#slotsOf(key);
  }

  /** In the order of addresses and slots. */
  list(): AccessListEntry[] {
    const sorted = [...this.#slots].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([address, slots]) => ({
      address: hexToBytes(address),
      slots: [...slots].sort().map(hexToBytes),
    }));
  }

  #slotsOf(address: Hex): Set<Hex> {
    const known = this.#slots.get(address);
    if (known !== undefined) return known;
    const slots = new Set<Hex>();
    this.#slots.set(address, slots);
    return slots;
  }
}
