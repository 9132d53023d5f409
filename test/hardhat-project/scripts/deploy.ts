// Deploys, and says what the console of a transaction that fails shows.
import { network } from "hardhat";

const { ethers } = await network.create();
const token = await ethers.deployContract("Token", [1_000n]);
console.log(await token.getAddress(), await token.totalSupply());
await token.transfer(token, 2_000n).catch((error: Error) => console.log(error.message));
