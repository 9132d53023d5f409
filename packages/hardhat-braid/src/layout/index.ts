// Storage by the names that the project's sources give it.

export { type AbiParameter, type BuiltContract, readBuilds, type SourcePlace } from "./builds.ts";
export { CodeMatcher } from "./match-code.ts";
export { SlotNames } from "./name-slot.ts";
export { Preimages } from "./preimages.ts";
