// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// For tests: the library of ticks by itself.

import {TickMath} from "../concentrated/TickMath.sol";

contract TickMathProbe {
    function sqrtPriceAt(int24 tick) external pure returns (uint160) {
        return TickMath.sqrtPriceAt(tick);
    }

    function tickAt(uint160 sqrtPrice) external pure returns (int24) {
        return TickMath.tickAt(sqrtPrice);
    }
}
