// A Common for one hardfork that answers from memory: the EVM asks it several times per opcode that costs dynamic gas.

import { Common, type CommonOpts, type Hardfork } from "@ethereumjs/common";

/** Never change its hardfork or EIPs after construction: make another one. */
export class MemoizedCommon extends Common {
  readonly #params = new Map<string, bigint>();
  readonly #eips = new Map<number, boolean>();
  readonly #gte = new Map<string, boolean>();
  #chainId: bigint | undefined;
  #consensus: string | undefined;

  constructor(options: CommonOpts) {
    super(options);
    // The constructors of the EVM and of headers add their parameters: what was looked up before may be gone.
    const forget = (): void => {
      this.#params.clear();
      this.#eips.clear();
      this.#gte.clear();
    };
    forget();
    this.events.on("hardforkChanged", forget);
  }

  override updateParams(params: Parameters<Common["updateParams"]>[0]): void {
    super.updateParams(params);
    this.#params?.clear();
  }

  override param(name: string): bigint {
    let value = this.#params.get(name);
    if (value === undefined) {
      value = super.param(name);
      this.#params.set(name, value);
    }
    return value;
  }

  override isActivatedEIP(eip: number): boolean {
    // The base class asks before this class's fields exist.
    if (this.#eips === undefined) return super.isActivatedEIP(eip);
    let active = this.#eips.get(eip);
    if (active === undefined) {
      active = super.isActivatedEIP(eip);
      this.#eips.set(eip, active);
    }
    return active;
  }

  override gteHardfork(hardfork: string | Hardfork): boolean {
    if (this.#gte === undefined) return super.gteHardfork(hardfork);
    let gte = this.#gte.get(hardfork);
    if (gte === undefined) {
      gte = super.gteHardfork(hardfork);
      this.#gte.set(hardfork, gte);
    }
    return gte;
  }

  override chainId(): bigint {
    this.#chainId ??= super.chainId();
    return this.#chainId;
  }

  override consensusType(): string {
    this.#consensus ??= super.consensusType();
    return this.#consensus;
  }
}
