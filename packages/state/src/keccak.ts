// The one place that names the hash of the tries.
export { keccak256, keccak256Each, keccakInput, keccakOfInput } from "@braid/kernel";
