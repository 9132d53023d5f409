// A Common for one hardfork that answers from memory: the EVM asks it several times per opcode that costs dynamic gas.

import { Common, type CommonOpts, type Hardfork } from "@ethereumjs/common";

/** Never change its hardfork or EIPs after construction: make another one. */
export class MemoizedCommon extends Common {
  readonly #params = new Map<string, bigint>();
  readonly #eips = new Map<number, boolean>();
  readonly #gte = new Map<string, boolean>();
  readonly #chainId: bigint;
  readonly #consensus: string;

  // The base constructor calls the methods below before this class's fields exist: `#field in this` tells.
  constructor(options: CommonOpts) {
    super(options);
    this.#chainId = super.chainId();
    this.#consensus = super.consensusType();
  }

  /** The constructors of the EVM and of headers add their parameters. */
  override updateParams(params: Parameters<Common["updateParams"]>[0]): void {
    super.updateParams(params);
    if (#params in this) this.#params.clear();
  }

  override param(name: string): bigint {
    if (!(#params in this)) return super.param(name);
    let value = this.#params.get(name);
    if (value === undefined) {
      value = super.param(name);
      this.#params.set(name, value);
    }
    return value;
  }

  override isActivatedEIP(eip: number): boolean {
    if (!(#eips in this)) return super.isActivatedEIP(eip);
    let active = this.#eips.get(eip);
    if (active === undefined) {
      active = super.isActivatedEIP(eip);
      this.#eips.set(eip, active);
    }
    return active;
  }

  override gteHardfork(hardfork: string | Hardfork): boolean {
    if (!(#gte in this)) return super.gteHardfork(hardfork);
    let gte = this.#gte.get(hardfork);
    if (gte === undefined) {
      gte = super.gteHardfork(hardfork);
      this.#gte.set(hardfork, gte);
    }
    return gte;
  }

  override chainId(): bigint {
    return #chainId in this ? this.#chainId : super.chainId();
  }

  override consensusType(): string {
    return #consensus in this ? this.#consensus : super.consensusType();
  }
}
