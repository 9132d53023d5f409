// Anything that describes a chain, as a Chain.

import { InvalidChainError } from "../errors.ts";
import { Chain } from "./chain.ts";
import type { ChainSpec } from "./chain-spec.ts";
import { type CommonLike, specOfCommon } from "./common.ts";
import { type GethGenesis, specOfGenesis } from "./genesis.ts";
import { CHAIN_NAMES, type ChainName, KNOWN_CHAINS } from "./known-chains.ts";

/** A chain by its name, as it is, as plain data, as a geth genesis file, or as an @ethereumjs/common `Common`. */
export type ChainInput = ChainName | Chain | ChainSpec | GethGenesis | CommonLike;

const named = new Map<string, Chain>();
const described = new WeakMap<object, Chain>();

/**
 * The chain that is meant. Of a Common only its chain counts, not the hardfork that it is set to: the block's number and timestamp
 * say which fork rules it. A description is read once: changing it afterwards changes nothing.
 *
 * @throws InvalidChainError, InvalidGenesisFileError.
 */
export function chainOf(input: ChainInput): Chain {
  if (input instanceof Chain) return input;
  if (typeof input === "string") return chainNamed(input);
  if (typeof input !== "object" || input === null)
    throw new InvalidChainError(
      "BRAID_INVALID_CHAIN",
      `A chain is a name or an object, not ${String(input)}.`,
    );
  let chain = described.get(input);
  if (chain === undefined) {
    chain = fromDescription(input);
    described.set(input, chain);
  }
  return chain;
}

function chainNamed(name: string): Chain {
  let chain = named.get(name);
  if (chain === undefined) {
    const known = CHAIN_NAMES.find((one) => one === name);
    if (known === undefined)
      throw new InvalidChainError(
        "BRAID_UNKNOWN_CHAIN",
        `The chain "${name}" is not known; ${CHAIN_NAMES.join(", ")} are. Describe any other by its forks or its genesis file.`,
        { name },
      );
    chain = new Chain(KNOWN_CHAINS[known]);
    named.set(name, chain);
  }
  return chain;
}

function fromDescription(input: ChainSpec | GethGenesis | CommonLike): Chain {
  if ("hardforks" in input && typeof input.hardforks === "function")
    return new Chain(specOfCommon(input as CommonLike));
  if ("config" in input) return new Chain(specOfGenesis(input as GethGenesis));
  const spec = input as ChainSpec;
  if (spec.hardforks !== undefined) return new Chain(spec);
  const known = CHAIN_NAMES.find((name) => name === spec.name);
  if (known === undefined || KNOWN_CHAINS[known].chainId !== spec.chainId)
    throw new InvalidChainError(
      "BRAID_UNKNOWN_CHAIN",
      `The chain "${String(spec.name)}" (id ${String(spec.chainId)}) is not known; its description must list its hardforks.`,
      { name: spec.name, chainId: spec.chainId },
    );
  return new Chain({ ...KNOWN_CHAINS[known], ...spec });
}
