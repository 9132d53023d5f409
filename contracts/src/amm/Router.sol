// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The router over one pool a pair.

import {IWrappedEther} from "../token/IWrappedEther.sol";
import {PoolFactory} from "./PoolFactory.sol";
import {RouterBase} from "./RouterBase.sol";

/// @dev All swaps of a pair meet in one pool, in its slot of reserves. The router itself writes nothing.
contract Router is RouterBase {
    PoolFactory public immutable factory;

    constructor(PoolFactory poolFactory, IWrappedEther wrappedEther) RouterBase(wrappedEther) {
        factory = poolFactory;
    }

    function _lookUp(address tokenA, address tokenB) internal view override returns (address) {
        return factory.poolOf(tokenA, tokenB);
    }

    function _createPool(address tokenA, address tokenB) internal override returns (address) {
        return factory.createPool(tokenA, tokenB);
    }
}
