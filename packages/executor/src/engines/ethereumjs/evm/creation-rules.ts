// Where ethereumjs 10.1.3 departs from the execution specification in creations, and how Braid does not. To ethereumjs, init code that begins with 0xEF00 is
// a container of EOF (EIP-3540, which no fork has), for which CREATE takes nothing and counts up no nonce; by the specification it is code whose first opcode is invalid. And
// it applies EIP-3541 (no code that begins with 0xEF) to what init code reverts with, too, which then costs all gas.

import { bigIntToBytes32 } from "@braid/primitives";
import type { Common } from "@ethereumjs/common";
import type { EVM, ExecResult } from "@ethereumjs/evm";

type RunState = NonNullable<ExecResult["runState"]>;
type OpcodeEntry = EVM["_opcodeMap"][number];

const CREATE = 0xf0;
const CREATE2 = 0xf5;
const EF = 0xef;

/** Makes CREATE and CREATE2 of an EVM run init code that begins with 0xEF00. */
export function runCodeLikeContainers(opcodes: EVM["_opcodeMap"]): void {
  for (const opcode of [CREATE, CREATE2]) {
    const entry = opcodes[opcode];
    if (entry === undefined) continue;
    const handler = entry.opHandler;
    const opHandler: OpcodeEntry["opHandler"] = (runState, common) =>
      looksLikeContainer(runState, common) ? create(opcode, runState) : handler(runState, common);
    opcodes[opcode] = { ...entry, opHandler };
  }
}

/** Is it nothing but its first bytes that keeps ethereumjs from running the init code? Its memory was paid for and is there. */
function looksLikeContainer(runState: RunState, common: Common): boolean {
  const [, offset, length] = runState.stack.peek(3) as [bigint, bigint, bigint];
  if (length < 2n || runState.interpreter.isStatic() || runState.eip7928PostTargetCreateOog === true)
    return false;
  const { allowUnlimitedInitCodeSize } = runState.interpreter._evm;
  const isLimited = common.isActivatedEIP(3860) && !allowUnlimitedInitCodeSize;
  if (isLimited && length > common.param("maxInitCodeSize")) return false;
  const [first, second] = runState.memory.read(Number(offset), 2);
  return first === EF && second === 0;
}

async function create(opcode: number, runState: RunState): Promise<void> {
  const { stack, interpreter } = runState;
  const [value, offset, length] = stack.popN(3) as [bigint, bigint, bigint];
  const salt = opcode === CREATE2 ? stack.pop() : undefined;
  const gasLimit = runState.messageGasLimit as bigint;
  runState.messageGasLimit = undefined;
  const code = runState.memory.read(Number(offset), Number(length), true);
  const created =
    salt === undefined
      ? await interpreter.create(gasLimit, value, code)
      : await interpreter.create2(gasLimit, value, code, bigIntToBytes32(salt));
  stack.push(created);
}

const NOTHING = new Uint8Array(0);

/** What init code left when it failed is kept from ethereumjs's look at the code that it deploys. One EVM's: creations are strictly nested. */
export class FailedCreation {
  #output: Uint8Array | undefined = undefined;

  /** At the end of init code, before ethereumjs looks at what it returned. */
  hide(ended: ExecResult): ExecResult {
    if (ended.exceptionError === undefined || ended.returnValue[0] !== EF) return ended;
    this.#output = ended.returnValue;
    return { ...ended, returnValue: NOTHING };
  }

  /** At the end of the same creation. */
  show<Result extends { execResult: ExecResult }>(result: Result): Result {
    if (this.#output === undefined) return result;
    const execResult = { ...result.execResult, returnValue: this.#output };
    this.#output = undefined;
    return { ...result, execResult };
  }
}
