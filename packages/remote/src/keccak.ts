// The one place where this package gets keccak256 from.
export { keccak256 } from "@braid/kernel";
