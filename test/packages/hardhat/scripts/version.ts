import { network } from "hardhat";

const { provider } = await network.create();
const { clientVersion } = (await provider.request({ method: "hardhat_metadata" })) as {
  clientVersion: string;
};
console.log(/braid/i.test(clientVersion) ? "Braid" : "another network");
