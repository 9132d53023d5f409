// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The aggregator whose trades share only the pools that they go through.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {PoolFactory} from "../amm/PoolFactory.sol";
import {ConcentratedPoolFactory} from "../concentrated/ConcentratedPoolFactory.sol";
import {ShardedCustody} from "../parallel/ShardedCustody.sol";
import {ShardedSum} from "../parallel/ShardedSum.sol";
import {AggregatorBase} from "./AggregatorBase.sol";

/// @dev Fees leave this contract at once, for one of 16 holders: its own balance of a token is zero before and after each trade, and a
///      slot that has its old value again holds nobody up who compares values. The counts are sums over 32 shards.
contract ShardedAggregator is AggregatorBase, ShardedCustody {
    using SafeERC20 for IERC20;
    using ShardedSum for ShardedSum.Sum;

    ShardedSum.Sum private _trades;
    mapping(IERC20 token => ShardedSum.Sum) private _volumes;

    constructor(PoolFactory factory, ConcentratedPoolFactory concentrated) AggregatorBase(factory, concentrated) {}

    function trades() external view returns (uint256) {
        return _trades.total();
    }

    function volumeOf(IERC20 token) external view returns (uint256) {
        return _volumes[token].total();
    }

    function feesOf(IERC20 token) public view returns (uint256) {
        return custody(token);
    }

    function _keep(IERC20 tokenIn, uint256 amountIn, IERC20 tokenOut, uint256 fee) internal override {
        _trades.add(msg.sender, 1);
        _volumes[tokenIn].add(msg.sender, amountIn);
        tokenOut.safeTransfer(address(holderOf(msg.sender)), fee);
    }

    function _collect(IERC20 token, address to) internal override returns (uint256 amount) {
        amount = feesOf(token);
        _pay(token, to, to, amount);
    }
}
