// The accounts of a development node: derived from a mnemonic, as wallets do it (BIP-39, BIP-32, BIP-44).

import { pbkdf2Sync } from "node:crypto";
import { publicKeyOf } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { BaseError } from "@braid/primitives";
import { HDKey } from "@scure/bip32";
import { validateMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";

export interface DevAccount {
  /** 20 bytes. */
  address: Uint8Array;
  /** 32 bytes. */
  privateKey: Uint8Array;
}

/** An account and what it has in the first block. */
export interface FundedAccount extends DevAccount {
  /** In wei. */
  balance: bigint;
}

/** What every development node derives its accounts from. The keys are known to the whole world. */
export const DEFAULT_MNEMONIC = "test test test test test test test test test test test junk";
const DEFAULT_DERIVATION_PATH = "m/44'/60'/0'/0/";

export interface MnemonicOptions {
  mnemonic?: string;
  /** Of all accounts, with a slash at its end; the account's number follows. */
  path?: string;
  passphrase?: string;
  count: number;
  /** The number of the first one. Default 0. */
  first?: number;
}

/** The first accounts of a mnemonic. Throws MnemonicError. PERF: 1 ms each. */
export function deriveAccounts(options: MnemonicOptions): DevAccount[] {
  const {
    mnemonic = DEFAULT_MNEMONIC,
    path = DEFAULT_DERIVATION_PATH,
    passphrase,
    count,
    first = 0,
  } = options;
  if (!validateMnemonic(mnemonic, wordlist))
    throw new MnemonicError("is not a mnemonic of BIP-39: its words or its checksum are wrong", mnemonic);
  const root = HDKey.fromMasterSeed(seedOf(mnemonic, passphrase));
  const parent = parentKey(root, path);
  return Array.from({ length: count }, (_, index) => {
    const { privateKey } = parent.deriveChild(first + index);
    // Only a chance of 1 in 2^127 leaves a place without a key.
    if (!privateKey) throw new MnemonicError(`has no key at ${path}${first + index}`, mnemonic);
    return accountOf(privateKey);
  });
}

/** The account of a private key of 32 bytes. */
export function accountOf(privateKey: Uint8Array): DevAccount {
  return { address: keccak256(publicKeyOf(privateKey).subarray(1)).slice(12), privateKey };
}

/** BIP-39. PERF: in JavaScript it takes 20 ms, more than all else that a new node does. */
function seedOf(mnemonic: string, passphrase = ""): Uint8Array {
  const salt = `mnemonic${passphrase}`.normalize("NFKD");
  return pbkdf2Sync(mnemonic.normalize("NFKD"), salt, 2_048, 64, "sha512");
}

function parentKey(root: HDKey, path: string): HDKey {
  if (!/^m(\/\d+'?)*\/$/.test(path))
    throw new MnemonicError(
      `is derived by "${path}", which is no path such as ${DEFAULT_DERIVATION_PATH}`,
      "",
    );
  return root.derive(path.slice(0, -1));
}

/** A mnemonic, or the path of its accounts, cannot be used. Code BRAID_MNEMONIC. The words themselves are told to nobody. */
export class MnemonicError extends BaseError {
  constructor(reason: string, mnemonic: string) {
    const words = mnemonic.split(/\s+/).length;
    super("BRAID_MNEMONIC", `The mnemonic ${reason}.`, { data: { words } });
  }
}
