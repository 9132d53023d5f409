// The contracts of the market: what a compiler leaves of them (bytecode), and the part of their interface that is used here.

import { type Hex, parseAbi } from "viem";
import amm from "../../packages/workloads/compiled/amm.json" with { type: "json" };
import token from "../../packages/workloads/compiled/token.json" with { type: "json" };

export const Token = {
  bytecode: token.Token.creationCode as Hex,
  abi: parseAbi([
    "constructor(string name, string symbol)",
    "function issue(address[] holders, uint256 value)",
    "function approve(address spender, uint256 value) returns (bool)",
    "function balanceOf(address owner) view returns (uint256)",
    "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
  ]),
};

export const PoolFactory = {
  bytecode: amm.PoolFactory.creationCode as Hex,
  abi: parseAbi(["function poolOf(address tokenA, address tokenB) view returns (address)"]),
};

export const Pool = {
  abi: parseAbi([
    "event Swapped(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to)",
    "function reserves() view returns (uint112 reserve0, uint112 reserve1, uint32 updatedAt)",
  ]),
};

export const WrappedEther = { bytecode: token.WrappedEther.creationCode as Hex, abi: [] };

export const Router = {
  bytecode: amm.Router.creationCode as Hex,
  abi: parseAbi([
    "constructor(address poolFactory, address wrappedEther)",
    "function addLiquidity(address tokenA, address tokenB, uint256 desiredA, uint256 desiredB, uint256 minimumA, uint256 minimumB, address to, uint256 deadline) returns (uint256 amountA, uint256 amountB, uint256 shares)",
    "function quote(uint256 amountIn, address[] path) view returns (uint256[] amounts)",
    "function swapExactIn(uint256 amountIn, uint256 minimumOut, address[] path, address to, uint256 deadline) returns (uint256[] amounts)",
    "error TooLittleOut(uint256 amount, uint256 minimum)",
  ]),
};
