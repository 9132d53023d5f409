// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// What people call: swaps through concentrated pools and liquidity, paid from their allowance to this contract.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ConcentratedPool, IConcentratedPayer} from "./ConcentratedPool.sol";
import {ConcentratedPoolFactory} from "./ConcentratedPoolFactory.sol";
import {TickMath} from "./TickMath.sol";

/// @dev Positions belong to the users themselves, who burn and collect at the pool.
contract ConcentratedRouter is IConcentratedPayer {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    ConcentratedPoolFactory public immutable factory;

    error Expired(uint256 deadline);
    error NotAPool(address caller);
    error EmptyPath();
    error PathBroken(address pool, address token);
    error TooLittleOut(uint256 amount, uint256 minimum);
    error TooMuchIn(uint256 amount, uint256 maximum);

    constructor(ConcentratedPoolFactory poolFactory) {
        factory = poolFactory;
    }

    modifier before(uint256 deadline) {
        if (block.timestamp > deadline) revert Expired(deadline);
        _;
    }

    modifier onlyPool() {
        if (!factory.isPool(msg.sender)) revert NotAPool(msg.sender);
        _;
    }

    /// @notice Sells exactly `amountIn` of `tokenIn` along `pools`.
    function swapExactIn(
        IERC20 tokenIn,
        uint256 amountIn,
        uint256 minimumOut,
        ConcentratedPool[] calldata pools,
        address to,
        uint256 deadline
    ) external before(deadline) returns (uint256 amount) {
        if (pools.length == 0) revert EmptyPath();
        amount = amountIn;
        for (uint256 i = 0; i < pools.length; ++i) {
            // The first pool is paid by the caller, the others from what the one before paid here.
            address payer = i == 0 ? msg.sender : address(this);
            address receiver = i + 1 < pools.length ? address(this) : to;
            (tokenIn, amount) = _sell(pools[i], tokenIn, amount, payer, receiver);
        }
        if (amount < minimumOut) revert TooLittleOut(amount, minimumOut);
    }

    /// @notice Buys exactly `amountOut` from one pool with `tokenIn`.
    function swapExactOut(
        ConcentratedPool pool,
        IERC20 tokenIn,
        uint256 amountOut,
        uint256 maximumIn,
        address to,
        uint256 deadline
    ) external before(deadline) returns (uint256 amountIn) {
        bool zeroForOne = _direction(pool, tokenIn);
        (int256 amount0, int256 amount1) = pool.swap(to, zeroForOne, -amountOut.toInt256(), _limit(zeroForOne), abi.encode(msg.sender));
        amountIn = uint256(zeroForOne ? amount0 : amount1);
        uint256 received = uint256(-(zeroForOne ? amount1 : amount0));
        if (received < amountOut) revert TooLittleOut(received, amountOut);
        if (amountIn > maximumIn) revert TooMuchIn(amountIn, maximumIn);
    }

    /// @notice Adds liquidity to a position of the caller's own.
    function addLiquidity(
        ConcentratedPool pool,
        int24 lower,
        int24 upper,
        uint128 liquidity,
        uint256 maximum0,
        uint256 maximum1,
        uint256 deadline
    ) external before(deadline) returns (uint256 amount0, uint256 amount1) {
        (amount0, amount1) = pool.mint(msg.sender, lower, upper, liquidity, abi.encode(msg.sender));
        if (amount0 > maximum0) revert TooMuchIn(amount0, maximum0);
        if (amount1 > maximum1) revert TooMuchIn(amount1, maximum1);
    }

    function onLiquidityDue(uint256 amount0, uint256 amount1, bytes calldata data) external onlyPool {
        address payer = abi.decode(data, (address));
        _payPool(ConcentratedPool(msg.sender).token0(), payer, amount0);
        _payPool(ConcentratedPool(msg.sender).token1(), payer, amount1);
    }

    function onSwapDue(int256 amount0, int256 amount1, bytes calldata data) external onlyPool {
        address payer = abi.decode(data, (address));
        if (amount0 > 0) _payPool(ConcentratedPool(msg.sender).token0(), payer, uint256(amount0));
        if (amount1 > 0) _payPool(ConcentratedPool(msg.sender).token1(), payer, uint256(amount1));
    }

    /// @dev This contract asks for no flash loans.
    function onFlashDue(uint256, uint256, bytes calldata) external view {
        revert NotAPool(msg.sender);
    }

    function _sell(
        ConcentratedPool pool,
        IERC20 tokenIn,
        uint256 amountIn,
        address payer,
        address receiver
    ) private returns (IERC20 tokenOut, uint256 amountOut) {
        bool zeroForOne = _direction(pool, tokenIn);
        (int256 amount0, int256 amount1) = pool.swap(receiver, zeroForOne, amountIn.toInt256(), _limit(zeroForOne), abi.encode(payer));
        (int256 used, int256 out) = zeroForOne ? (amount0, amount1) : (amount1, amount0);
        // A pool without enough liquidity stops at the end of all prices and takes less.
        if (uint256(used) != amountIn) revert TooLittleOut(0, amountIn - uint256(used));
        tokenOut = zeroForOne ? pool.token1() : pool.token0();
        amountOut = uint256(-out);
    }

    function _direction(ConcentratedPool pool, IERC20 tokenIn) private view returns (bool zeroForOne) {
        if (!factory.isPool(address(pool))) revert NotAPool(address(pool));
        zeroForOne = address(pool.token0()) == address(tokenIn);
        if (!zeroForOne && address(pool.token1()) != address(tokenIn)) revert PathBroken(address(pool), address(tokenIn));
    }

    function _limit(bool zeroForOne) private pure returns (uint160) {
        return zeroForOne ? TickMath.MIN_SQRT_PRICE + 1 : TickMath.MAX_SQRT_PRICE - 1;
    }

    /// @dev `payer` comes from this contract's own calls: a pool hands `data` back as it was given.
    function _payPool(IERC20 token, address payer, uint256 amount) private {
        if (amount == 0) return;
        if (payer == address(this)) token.safeTransfer(msg.sender, amount);
        else token.safeTransferFrom(payer, msg.sender, amount);
    }
}
