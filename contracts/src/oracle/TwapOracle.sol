// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The average price of a pool over the last period: moving it costs holding the pool at a wrong price for as long.

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Pool} from "../amm/Pool.sol";
import {IPriceOracle} from "./IPriceOracle.sol";

/// @dev Readers read two slots that `update` writes once a period, and none of the pool's, so swaps in the same block do not hold them up.
contract TwapOracle is IPriceOracle {
    using SafeCast for uint256;

    Pool public immutable pool;
    /// @notice Whether the base token is the pool's token 0.
    bool public immutable baseIsToken0;
    /// @notice The least length of an average, in seconds. A price is good for four of them.
    uint256 public immutable period;

    uint256 private _priceSum;
    uint192 private _average;
    uint64 private _updatedAt;

    event AverageUpdated(uint256 price);

    error TooEarly(uint256 since);
    error PriceTooOld(uint256 updatedAt);
    error NoAverageYet();
    error EmptyPool();

    constructor(Pool market, address base, uint256 averageOver) {
        pool = market;
        baseIsToken0 = market.token0() == base;
        period = averageOver;
        (_priceSum, _updatedAt) = (_currentSum(), uint64(block.timestamp));
    }

    /// @notice Anybody may call this, once a period.
    function update() external {
        uint256 elapsed = block.timestamp - _updatedAt;
        if (elapsed < period) revert TooEarly(_updatedAt);
        uint256 sum = _currentSum();
        unchecked {
            // The pool's sums wrap around; their difference does not.
            _average = Math.mulDiv((sum - _priceSum) / elapsed, 1e18, 1 << 112).toUint192();
        }
        (_priceSum, _updatedAt) = (sum, uint64(block.timestamp));
        emit AverageUpdated(_average);
    }

    function price() external view returns (uint256) {
        if (_average == 0) revert NoAverageYet();
        if (block.timestamp - _updatedAt > 4 * period) revert PriceTooOld(_updatedAt);
        return _average;
    }

    /// @dev The pool's sum as it would be if somebody had called it now.
    function _currentSum() private view returns (uint256 sum) {
        (uint112 reserve0, uint112 reserve1, uint32 updatedAt) = pool.reserves();
        if (reserve0 == 0 || reserve1 == 0) revert EmptyPool();
        sum = baseIsToken0 ? pool.priceSum0() : pool.priceSum1();
        (uint256 numerator, uint256 denominator) = baseIsToken0 ? (reserve1, reserve0) : (reserve0, reserve1);
        unchecked {
            sum += ((numerator << 112) / denominator) * uint256(uint32(block.timestamp) - updatedAt);
        }
    }
}
