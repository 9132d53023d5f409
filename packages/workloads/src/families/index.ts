// All families, in the order in which they are listed.
import { ACCOUNT_FAMILY } from "./account.ts";
import { AGGREGATOR_FAMILY } from "./aggregator.ts";
import { AIRDROP_FAMILY } from "./airdrop.ts";
import { AMM_FAMILY } from "./amm.ts";
import { BRIDGE_FAMILY } from "./bridge.ts";
import { CONCENTRATED_FAMILY } from "./concentrated.ts";
import { COUNTER_FAMILY } from "./counter.ts";
import { DAO_FAMILY } from "./dao.ts";
import { DERIVATIVES_FAMILY } from "./derivatives.ts";
import { ETHER_FAMILY } from "./ether.ts";
import type { Family } from "./family.ts";
import { FARMING_FAMILY } from "./farming.ts";
import { GAME_FAMILY } from "./game.ts";
import { INSURANCE_FAMILY } from "./insurance.ts";
import { LENDING_FAMILY } from "./lending.ts";
import { MEDICAL_FAMILY } from "./medical.ts";
import { NFT_FAMILY } from "./nft.ts";
import { ORACLE_FAMILY } from "./oracle.ts";
import { ORDERBOOK_FAMILY } from "./orderbook.ts";
import { PAYMENTS_FAMILY } from "./payments.ts";
import { SUPPLYCHAIN_FAMILY } from "./supplychain.ts";
import { TOKEN_FAMILY } from "./token.ts";
import { VAULT_FAMILY } from "./vault.ts";

export const FAMILIES: readonly Family[] = [
  ETHER_FAMILY,
  TOKEN_FAMILY,
  AMM_FAMILY,
  CONCENTRATED_FAMILY,
  AGGREGATOR_FAMILY,
  ORDERBOOK_FAMILY,
  LENDING_FAMILY,
  ORACLE_FAMILY,
  VAULT_FAMILY,
  FARMING_FAMILY,
  DERIVATIVES_FAMILY,
  INSURANCE_FAMILY,
  NFT_FAMILY,
  GAME_FAMILY,
  DAO_FAMILY,
  SUPPLYCHAIN_FAMILY,
  MEDICAL_FAMILY,
  AIRDROP_FAMILY,
  PAYMENTS_FAMILY,
  ACCOUNT_FAMILY,
  BRIDGE_FAMILY,
  COUNTER_FAMILY,
];
