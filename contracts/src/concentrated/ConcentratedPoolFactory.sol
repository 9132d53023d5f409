// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Deploys concentrated pools: one for each pair of tokens and fee.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ConcentratedPool} from "./ConcentratedPool.sol";

contract ConcentratedPoolFactory {
    mapping(address tokenA => mapping(address tokenB => mapping(uint24 fee => address))) public poolOf;
    /// @notice Whether a pool is from here: who pays pools asks this first.
    mapping(address pool => bool) public isPool;

    event PoolCreated(address indexed token0, address indexed token1, uint24 indexed fee, address pool);

    error InvalidPair(address tokenA, address tokenB);
    error UnknownFee(uint24 fee);
    error PoolExists(address pool);

    /// @param fee 500, 3,000 or 10,000 millionths; the spacing of ticks follows from it.
    /// @param sqrtPrice The price to begin with: token 1 for one of token 0, of the tokens in order of their addresses.
    function createPool(address tokenA, address tokenB, uint24 fee, uint160 sqrtPrice) external returns (address pool) {
        (address token0, address token1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        if (token0 == token1 || token0 == address(0)) revert InvalidPair(tokenA, tokenB);
        if (poolOf[token0][token1][fee] != address(0)) revert PoolExists(poolOf[token0][token1][fee]);
        bytes32 salt = keccak256(abi.encodePacked(token0, token1, fee));
        pool = address(new ConcentratedPool{salt: salt}(IERC20(token0), IERC20(token1), fee, _spacing(fee), sqrtPrice));
        poolOf[token0][token1][fee] = pool;
        poolOf[token1][token0][fee] = pool;
        isPool[pool] = true;
        emit PoolCreated(token0, token1, fee, pool);
    }

    function _spacing(uint24 fee) private pure returns (int24) {
        if (fee == 500) return 10;
        if (fee == 3_000) return 60;
        if (fee == 10_000) return 200;
        revert UnknownFee(fee);
    }
}
