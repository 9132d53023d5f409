// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// For tests: asks a concentrated pool for something and pays a chosen part of what is due.

import {ConcentratedPool, IConcentratedPayer} from "../concentrated/ConcentratedPool.sol";

contract ConcentratedPayer is IConcentratedPayer {
    ConcentratedPool public immutable pool;
    /// @notice How much less than what is due this contract pays, in each token.
    uint256 public short;
    bool public reenter;

    constructor(ConcentratedPool asked) {
        pool = asked;
    }

    function configure(uint256 shortBy, bool again) external {
        short = shortBy;
        reenter = again;
    }

    function mint(int24 lower, int24 upper, uint128 liquidity) external {
        pool.mint(address(this), lower, upper, liquidity, "");
    }

    function swap(bool zeroForOne, int256 amount, uint160 limit) external {
        pool.swap(address(this), zeroForOne, amount, limit, "");
    }

    function flash(uint256 amount0, uint256 amount1) external {
        pool.flash(address(this), amount0, amount1, abi.encode(amount0, amount1));
    }

    function onLiquidityDue(uint256 amount0, uint256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function onSwapDue(int256 amount0, int256 amount1, bytes calldata) external {
        if (reenter) pool.burn(-60, 60, 0);
        _pay(amount0 > 0 ? uint256(amount0) : 0, amount1 > 0 ? uint256(amount1) : 0);
    }

    function onFlashDue(uint256 fee0, uint256 fee1, bytes calldata data) external {
        (uint256 amount0, uint256 amount1) = abi.decode(data, (uint256, uint256));
        _pay(amount0 + fee0, amount1 + fee1);
    }

    function _pay(uint256 amount0, uint256 amount1) private {
        if (amount0 > short) pool.token0().transfer(address(pool), amount0 - short);
        if (amount1 > short) pool.token1().transfer(address(pool), amount1 - short);
    }
}
