// Who this is: web3_*, net_* and rpc_modules.

import { keccak256 } from "@braid/kernel";
import { bytesToHex } from "@braid/primitives";
import { type Methods, method } from "./method.ts";
import { bytes } from "./params.ts";

const VERSION = `braid/0.1.0/${process.platform}-${process.arch}/node${process.versions.node}`;

export const clientMethods: Methods = {
  web3_clientVersion: method([], () => VERSION),
  web3_sha3: method([bytes], (_context, data) => bytesToHex(keccak256(data))),
  net_version: method([], ({ node }) => node.networkId.toString()),
  net_listening: method([], () => true),
  net_peerCount: method([], () => "0x0"),
  rpc_modules: method([], ({ names }) =>
    Object.fromEntries(
      [...new Set(names.map((name) => name.split("_")[0] as string))].map((name) => [name, "1.0"]),
    ),
  ),
};
