// What fails in the middle: the till does not pay before its time.
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import Shop from "./shop.ts";

export default buildModule("Late", (m) => {
  const { till, token } = m.useModule(Shop);
  const first = m.call(token, "transfer", [m.getAccount(1), 1n]);
  m.call(till, "pay", [m.getAccount(1), 1n], { after: [first] });
  return { till };
});
