// A flat state in the tries of stock ethereumjs.
import { bigIntToBytes32, bytesToHex, type Hex } from "@braid/primitives";
import { EMPTY_CODE_HASH_HEX, type FlatPreState } from "@braid/state";
import type { MerkleStateManager } from "@ethereumjs/statemanager";
import { Account, Address, unpadBytes } from "@ethereumjs/util";

/** Puts all accounts, codes and slots into an empty state. Codes that are not listed are left out. */
export async function fillState(state: MerkleStateManager, pre: FlatPreState): Promise<void> {
  const codes = new Map<Hex, Uint8Array>(pre.codes.map(([hash, code]) => [bytesToHex(hash), code]));
  for (const { address: bytes, account, storage } of pre.accounts) {
    if (account === undefined) continue;
    const address = new Address(bytes);
    await state.putAccount(address, new Account(account.nonce, account.balance));
    const codeHash = bytesToHex(account.codeHash);
    const code = codeHash === EMPTY_CODE_HASH_HEX ? undefined : codes.get(codeHash);
    if (code !== undefined) await state.putCode(address, code);
    for (const [slot, value] of storage)
      if (value !== 0n) await state.putStorage(address, slot, unpadBytes(bigIntToBytes32(value)));
  }
  await state.flush();
}
