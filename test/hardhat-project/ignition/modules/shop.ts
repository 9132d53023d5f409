// A token, and a till that has some of it.
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

export default buildModule("Shop", (m) => {
  const supply = m.getParameter("supply", 1_000n);
  const token = m.contract("Token", [supply]);
  const till = m.contract("Till", [token, 4_000_000_000n], { value: 3n });
  m.call(token, "transfer", [till, 50n]);
  return { token, till };
});
