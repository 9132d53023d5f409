// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The aggregator that keeps its books in storage.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {PoolFactory} from "../amm/PoolFactory.sol";
import {ConcentratedPoolFactory} from "../concentrated/ConcentratedPoolFactory.sol";
import {AggregatorBase} from "./AggregatorBase.sol";

/// @dev What serialises: `trades`, all; `volumeOf[tokenIn]`, `feesOf[tokenOut]` and `balanceOf[aggregator]` in each token on the way, all
///      trades with that token, also when they go through different pools.
contract Aggregator is AggregatorBase {
    using SafeERC20 for IERC20;

    uint256 public trades;
    mapping(IERC20 token => uint256) public volumeOf;
    mapping(IERC20 token => uint256) public feesOf;

    constructor(PoolFactory factory, ConcentratedPoolFactory concentrated) AggregatorBase(factory, concentrated) {}

    function _keep(IERC20 tokenIn, uint256 amountIn, IERC20 tokenOut, uint256 fee) internal override {
        ++trades;
        volumeOf[tokenIn] += amountIn;
        feesOf[tokenOut] += fee;
    }

    function _collect(IERC20 token, address to) internal override returns (uint256 amount) {
        amount = feesOf[token];
        feesOf[token] = 0;
        token.safeTransfer(to, amount);
    }
}
