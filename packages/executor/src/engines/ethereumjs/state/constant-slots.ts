// The slots that a code reads under constant keys: where compilers keep variables that are no mappings and no arrays, and the addresses behind
// proxies. A guess, from opcodes that stand side by side: who acts on it may read too much or too little, and no more.

const SLOAD = 0x54;
const PUSH0 = 0x5f;
const PUSH32 = 0x7f;
const DUP1 = 0x80;
const SWAP1 = 0x90;

/** No code that people write has more; what has, reads them in a way that this does not see through. */
const MAX_SLOTS = 32;

function isPush(opcode: number | undefined): opcode is number {
  return opcode !== undefined && opcode >= PUSH0 && opcode <= PUSH32;
}

/** PERF: one pass over the code. */
export function constantSlots(code: Uint8Array): bigint[] {
  const slots = new Set<bigint>();
  for (let pc = 0; pc < code.length && slots.size < MAX_SLOTS; pc++) {
    const opcode = code[pc];
    if (!isPush(opcode)) continue;
    const next = pc + 1 + opcode - PUSH0;
    if (isLoadedAt(code, next)) slots.add(constantAt(code, pc + 1, next));
    pc = next - 1;
  }
  return [...slots];
}

/** Is the constant that was pushed before `pc` what the next SLOAD takes? */
function isLoadedAt(code: Uint8Array, pc: number): boolean {
  const opcode = code[pc];
  if (opcode === SLOAD) return true;
  if (opcode === DUP1) return code[pc + 1] === SLOAD;
  if (!isPush(opcode)) return false;
  // Another constant came on top of it: the place of the variable in its slot.
  const next = pc + 1 + opcode - PUSH0;
  return code[next] === SWAP1 && code[next + 1] === SLOAD;
}

function constantAt(code: Uint8Array, start: number, end: number): bigint {
  let value = 0n;
  for (let i = start; i < end; i++) value = (value << 8n) | BigInt(code[i] ?? 0);
  return value;
}
