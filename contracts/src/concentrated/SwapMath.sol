// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Amounts and prices within a range of constant liquidity. Roundings are always in the pool's favour.

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

library SwapMath {
    using Math for uint256;
    using SafeCast for uint256;

    uint256 internal constant Q96 = 1 << 96;
    /// @dev Fees are in millionths.
    uint256 internal constant MILLION = 1_000_000;

    error NotEnoughLiquidity();

    struct Step {
        uint160 sqrtPrice;
        uint256 amountIn;
        uint256 amountOut;
        uint256 fee;
    }

    /// @notice How far a swap gets towards `target` with what remains of its amount, and what that takes and gives.
    /// @param remaining What is still to come in (positive) or to go out (negative).
    function step(
        uint160 current,
        uint160 target,
        uint128 liquidity,
        int256 remaining,
        uint256 feeMillionths
    ) internal pure returns (Step memory result) {
        bool zeroForOne = target <= current;
        bool exactIn = remaining >= 0;
        uint256 amount = exactIn ? uint256(remaining) : uint256(-remaining);
        // What is left for the price to move by once the fee is taken.
        uint256 usable = exactIn ? amount.mulDiv(MILLION - feeMillionths, MILLION) : amount;
        uint256 needed = exactIn == zeroForOne
            ? amount0(target, current, liquidity, exactIn)
            : amount1(target, current, liquidity, exactIn);
        bool reached = usable >= needed;
        if (reached) {
            result.sqrtPrice = target;
        } else {
            result.sqrtPrice = exactIn
                ? priceAfterInput(current, liquidity, usable, zeroForOne)
                : priceAfterOutput(current, liquidity, usable, zeroForOne);
        }
        result.amountIn = zeroForOne
            ? amount0(result.sqrtPrice, current, liquidity, true)
            : amount1(result.sqrtPrice, current, liquidity, true);
        result.amountOut = zeroForOne
            ? amount1(result.sqrtPrice, current, liquidity, false)
            : amount0(result.sqrtPrice, current, liquidity, false);
        if (!exactIn) result.amountOut = Math.min(result.amountOut, amount);
        // Where the input is used up, the fee is what the price did not need.
        result.fee = exactIn && !reached
            ? amount - result.amountIn
            : result.amountIn.mulDiv(feeMillionths, MILLION - feeMillionths, Math.Rounding.Ceil);
    }

    /// @notice liquidity * (1 / sqrt(lower) - 1 / sqrt(upper)): the amount of token 0 between two prices in any order.
    function amount0(uint160 a, uint160 b, uint128 liquidity, bool roundUp) internal pure returns (uint256) {
        if (a > b) (a, b) = (b, a);
        Math.Rounding rounding = roundUp ? Math.Rounding.Ceil : Math.Rounding.Floor;
        uint256 scaled = (uint256(liquidity) << 96).mulDiv(b - a, b, rounding);
        return roundUp ? scaled.ceilDiv(a) : scaled / a;
    }

    /// @notice liquidity * (sqrt(upper) - sqrt(lower)): the amount of token 1 between two prices in any order.
    function amount1(uint160 a, uint160 b, uint128 liquidity, bool roundUp) internal pure returns (uint256) {
        uint256 distance = a > b ? a - b : b - a;
        return uint256(liquidity).mulDiv(distance, Q96, roundUp ? Math.Rounding.Ceil : Math.Rounding.Floor);
    }

    /// @dev Token 0 coming in lowers the price, token 1 raises it; both stop short of the exact value.
    function priceAfterInput(uint160 price, uint128 liquidity, uint256 amount, bool zeroForOne) internal pure returns (uint160) {
        if (!zeroForOne) return (price + amount.mulDiv(Q96, liquidity)).toUint160();
        uint256 scaled = uint256(liquidity) << 96;
        (bool fits, uint256 product) = amount.tryMul(price);
        (bool sumFits, uint256 denominator) = scaled.tryAdd(product);
        if (fits && sumFits) return scaled.mulDiv(price, denominator, Math.Rounding.Ceil).toUint160();
        return scaled.ceilDiv(scaled / price + amount).toUint160();
    }

    /// @dev Token 1 going out lowers the price, token 0 raises it; both go further than the exact value.
    function priceAfterOutput(uint160 price, uint128 liquidity, uint256 amount, bool zeroForOne) internal pure returns (uint160) {
        if (zeroForOne) {
            uint256 fall = amount.mulDiv(Q96, liquidity, Math.Rounding.Ceil);
            if (fall >= price) revert NotEnoughLiquidity();
            return uint160(price - fall);
        }
        uint256 scaled = uint256(liquidity) << 96;
        (bool fits, uint256 product) = amount.tryMul(price);
        if (!fits || product >= scaled) revert NotEnoughLiquidity();
        return scaled.mulDiv(price, scaled - product, Math.Rounding.Ceil).toUint160();
    }
}
