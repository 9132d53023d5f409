// The state before the first block: funded accounts and the protocol's own contracts.
import { EMPTY_CODE_HASH, type FlatAccount, type FlatPreState } from "@braid/state";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { SYSTEM_CONTRACTS } from "./system-contracts.ts";

export const ETHER = 10n ** 18n;

/** Each address with its balance in wei, and the system contracts of EIP-4788, 2935, 7002 and 7251. */
export function genesisState(
  balances: readonly (readonly [address: Uint8Array, balance: bigint])[],
): FlatPreState {
  const codes = SYSTEM_CONTRACTS.map(({ code }): [Uint8Array, Uint8Array] => [keccak_256(code), code]);
  const funded = balances.map(([address, balance]): FlatAccount => {
    return {
      address,
      account: { nonce: 0n, balance, codeHash: EMPTY_CODE_HASH, hasStorage: false },
      storage: [],
    };
  });
  // Deployed by transactions on mainnet, so their nonce is 1 (EIP-161).
  const system = SYSTEM_CONTRACTS.map(({ address }, index): FlatAccount => {
    const codeHash = codes[index]?.[0] ?? EMPTY_CODE_HASH;
    return { address, account: { nonce: 1n, balance: 0n, codeHash, hasStorage: false }, storage: [] };
  });
  return { accounts: [...funded, ...system], codes };
}
