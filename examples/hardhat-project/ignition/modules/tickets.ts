import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { parseEther } from "viem";

export default buildModule("Tickets", (m) => {
  const price = m.getParameter("price", parseEther("0.1"));
  return { tickets: m.contract("Tickets", [price, m.getParameter("seats", 1_000n)]) };
});
