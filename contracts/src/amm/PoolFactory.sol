// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Deploys pools, at most one for each pair of tokens, and is where the router looks them up.

import {Pool} from "./Pool.sol";

contract PoolFactory {
    /// @notice The pool of two tokens, in either order; zero when there is none.
    mapping(address tokenA => mapping(address tokenB => address)) public poolOf;
    address[] public pools;

    event PoolCreated(address indexed token0, address indexed token1, address pool, uint256 count);

    error SameToken();
    error ZeroToken();
    error PoolExists(address pool);

    function poolCount() external view returns (uint256) {
        return pools.length;
    }

    /// @dev CREATE2 with the pair as salt: the address of a pool follows from its tokens alone.
    function createPool(address tokenA, address tokenB) external returns (address pool) {
        if (tokenA == tokenB) revert SameToken();
        (address token0, address token1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        if (token0 == address(0)) revert ZeroToken();
        if (poolOf[token0][token1] != address(0)) revert PoolExists(poolOf[token0][token1]);
        pool = address(new Pool{salt: keccak256(abi.encodePacked(token0, token1))}(token0, token1));
        poolOf[token0][token1] = pool;
        poolOf[token1][token0] = pool;
        pools.push(pool);
        emit PoolCreated(token0, token1, pool, pools.length);
    }
}
