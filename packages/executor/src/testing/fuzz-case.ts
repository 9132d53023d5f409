// For tests: random blocks that mean something to an EVM: contracts that are made of pieces, and mutated ones of mainnet.

import { keyed } from "@braid/testing/accounts";
import { FORKS, type Fork } from "@braid/testing/block-builder";
import { authorize, type SignedAuthorization } from "@braid/testing/sign";
import { type Below, FUZZ_CONTRACTS, FUZZ_SENDERS, fuzzAddress, Pieces } from "./fuzz-pieces.ts";
import { random } from "./random-program.ts";

export interface FuzzTransaction {
  from: number;
  /** Which contract, or what a new one is made by. */
  to: number | Uint8Array;
  data: Uint8Array;
  value: number;
  gasLimit: number;
  /** Slots of the contract's access list; undefined: there is none. */
  warm: number | undefined;
  /** Of which account the authority takes on the code of which contract. */
  delegation: { authority: number; contract: number; nonce: number } | undefined;
  blobs: number;
}

/** A block, as far as it is random. */
export interface FuzzCase {
  seed: number;
  fork: Fork;
  contracts: Uint8Array[][];
  transactions: FuzzTransaction[];
}

/** The forks that the wasm engine runs. */
export const FUZZ_FORKS: readonly Fork[] = FORKS.slice(FORKS.indexOf("byzantium")).filter(
  (fork) => fork !== "constantinople",
);

const TRANSACTIONS = 64;
const PUSH4 = 0x63;

/** A real contract with some bytes changed, and the selectors that it looks for. */
function mutate(code: Uint8Array, below: Below): { code: Uint8Array; selectors: Uint8Array[] } {
  const selectors: Uint8Array[] = [];
  for (let i = 0; i < code.length; i++) {
    const opcode = code[i] as number;
    if (opcode === PUSH4 && i + 5 <= code.length) selectors.push(code.slice(i + 1, i + 5));
    if (opcode >= 0x60 && opcode <= 0x7f) i += opcode - 0x5f;
  }
  const mutated = code.slice();
  for (let i = below(6); i > 0; i--) {
    const at = below(mutated.length);
    // Another opcode, or another operand.
    mutated[at] = below(3) === 0 ? below(256) : (mutated[at] as number) ^ (1 << below(4));
  }
  return { code: mutated, selectors };
}

/** What calls a real contract: a selector and arguments. */
function callData(selectors: readonly Uint8Array[], below: Below): Uint8Array {
  const words = below(6);
  const data = new Uint8Array(4 + 32 * words);
  if (selectors.length > 0) data.set(selectors[below(selectors.length)] as Uint8Array);
  for (let i = 0; i < words; i++) {
    const end = 4 + 32 * (i + 1);
    const kind = below(4);
    if (kind === 0) data.set(fuzzAddress(below(FUZZ_CONTRACTS)), end - 20);
    else if (kind === 1) data.set(keyed(below(FUZZ_SENDERS)).address, end - 20);
    else if (kind === 2) data.set([below(4), below(256)], end - 2);
    else data[end - 1] = below(3) * 32;
  }
  return data;
}

/** The case of a seed. `codes` are real contracts to mutate: the same seed with others is another case. */
export function fuzzCase(seed: number, codes: readonly Uint8Array[] = []): FuzzCase {
  const below = random(seed);
  const fork = FUZZ_FORKS[below(FUZZ_FORKS.length)] as Fork;
  const pieces = new Pieces(below, fork);
  const selectors: Uint8Array[][] = [];
  const contracts = Array.from({ length: FUZZ_CONTRACTS }, (_, i) => {
    if (codes.length > 0 && below(4) === 0) {
      const real = mutate(codes[below(codes.length)] as Uint8Array, below);
      selectors[i] = real.selectors;
      return [real.code];
    }
    return [
      ...Array.from({ length: 2 + below(14) }, () => Uint8Array.from(pieces.next())),
      Uint8Array.from(pieces.last()),
    ];
  });
  const transactions = Array.from({ length: TRANSACTIONS }, (): FuzzTransaction => {
    const to =
      below(8) === 0
        ? Uint8Array.from([...pieces.next(), ...pieces.next(), ...pieces.last()])
        : below(FUZZ_CONTRACTS);
    const known = typeof to === "number" ? selectors[to] : undefined;
    return {
      from: below(FUZZ_SENDERS),
      to,
      data:
        known !== undefined
          ? callData(known, below)
          : Uint8Array.from({ length: below(100) }, () => (below(3) === 0 ? 0 : below(256))),
      value: below(3) === 0 ? below(5) : 0,
      // Seldom much: a loop without end takes milliseconds in a slow engine.
      gasLimit: 80_000 + below(below(16) === 0 ? 400_000 : 120_000),
      warm: below(4) === 0 ? below(3) : undefined,
      delegation:
        below(12) === 0
          ? { authority: 10 + below(3), contract: below(FUZZ_CONTRACTS), nonce: below(2) }
          : undefined,
      blobs: below(100) === 0 ? 1 + below(2) : 0,
    };
  });
  return { seed, fork, contracts, transactions };
}

const authorizations = new Map<string, SignedAuthorization>();

/** The authorization of a transaction. */
export function authorizationOf(delegation: NonNullable<FuzzTransaction["delegation"]>): SignedAuthorization {
  const { authority, contract, nonce } = delegation;
  const key = `${authority} ${contract} ${nonce}`;
  let authorization = authorizations.get(key);
  if (authorization === undefined) {
    authorization = authorize(keyed(authority), fuzzAddress(contract), nonce);
    authorizations.set(key, authorization);
  }
  return authorization;
}
