// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The router over eight pools a pair: the same calls, and each caller has a pool of the pair's.

import {IWrappedEther} from "../token/IWrappedEther.sol";
import {RouterBase} from "./RouterBase.sol";
import {ShardedPoolFactory} from "./ShardedPoolFactory.sol";

/// @dev Callers in different shards share no reserves. What it costs: each pool has an eighth of the depth, so a swap moves its
///      price eight times as far, and FlashArbitrage has to bring the prices together.
contract ShardedRouter is RouterBase {
    ShardedPoolFactory public immutable factory;

    constructor(ShardedPoolFactory poolFactory, IWrappedEther wrappedEther) RouterBase(wrappedEther) {
        factory = poolFactory;
    }

    function _lookUp(address tokenA, address tokenB) internal view override returns (address) {
        return factory.poolOf(tokenA, tokenB, factory.shardOf(msg.sender));
    }

    function _createPool(address tokenA, address tokenB) internal override returns (address) {
        return factory.createPool(tokenA, tokenB, factory.shardOf(msg.sender));
    }
}
