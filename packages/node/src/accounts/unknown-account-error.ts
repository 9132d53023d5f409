// The error of whoever wants to sign for somebody.

import { BaseError, bytesToHex } from "@braid/primitives";

/** Something that only a development node's own accounts can do. Code BRAID_UNKNOWN_ACCOUNT. */
export class UnknownAccountError extends BaseError {
  constructor(address: Uint8Array) {
    const account = bytesToHex(address);
    super(
      "BRAID_UNKNOWN_ACCOUNT",
      `unknown account: the node has no key of ${account}, and it is not impersonated.`,
      {
        data: { account },
      },
    );
  }
}
