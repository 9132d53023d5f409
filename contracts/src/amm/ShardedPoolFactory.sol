// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Several pools for one pair of tokens. Traders are spread over them, so that swaps of one pair no longer form a single line;
// whoever brings the prices of the pools together again earns the difference.

import {Pool} from "./Pool.sol";

contract ShardedPoolFactory {
    uint256 public constant SHARDS = 8;

    /// @notice The pools of two tokens, in either order; zero where there is none yet.
    mapping(address tokenA => mapping(address tokenB => address[SHARDS])) private _pools;

    event PoolCreated(address indexed token0, address indexed token1, uint256 shard, address pool);

    error SameToken();
    error ZeroToken();
    error NoShard(uint256 shard);
    error PoolExists(address pool);

    function poolOf(address tokenA, address tokenB, uint256 shard) public view returns (address) {
        return _pools[tokenA][tokenB][shard];
    }

    /// @notice Where `trader` trades.
    function shardOf(address trader) public pure returns (uint256) {
        return uint160(trader) % SHARDS;
    }

    function createPool(address tokenA, address tokenB, uint256 shard) external returns (address pool) {
        if (tokenA == tokenB) revert SameToken();
        if (shard >= SHARDS) revert NoShard(shard);
        (address token0, address token1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        if (token0 == address(0)) revert ZeroToken();
        if (_pools[token0][token1][shard] != address(0)) revert PoolExists(_pools[token0][token1][shard]);
        pool = address(new Pool{salt: keccak256(abi.encodePacked(token0, token1, shard))}(token0, token1));
        _pools[token0][token1][shard] = pool;
        _pools[token1][token0][shard] = pool;
        emit PoolCreated(token0, token1, shard, pool);
    }
}
