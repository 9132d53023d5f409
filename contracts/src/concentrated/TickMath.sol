// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Ticks and prices: tick t stands for the price 1.0001^t. Prices are kept as square roots, 64.96 fixed point.

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

library TickMath {
    int24 internal constant MIN_TICK = -887272;
    int24 internal constant MAX_TICK = 887272;
    /// @dev The prices of these two ticks. A pool's price lies at or above the first and below the second.
    uint160 internal constant MIN_SQRT_PRICE = 4295128739;
    uint160 internal constant MAX_SQRT_PRICE = 1461446703485210103287273052203988822378723970342;

    error TickOutOfRange(int24 tick);
    error PriceOutOfRange(uint256 sqrtPrice);

    /// @notice sqrt(1.0001^tick) * 2^96, rounded up.
    /// @dev Square and multiply over the bits of |tick|: each factor is 2^128 / 1.0001^(2^i / 2), rounded down.
    function sqrtPriceAt(int24 tick) internal pure returns (uint160) {
        if (tick < MIN_TICK || tick > MAX_TICK) revert TickOutOfRange(tick);
        unchecked {
            uint256 bits = uint256(int256(tick < 0 ? -tick : tick));
            uint256 ratio = 1 << 128;
            if (bits & 0x1 != 0) ratio = 0xfffcb933bd6fad37aa2d162d1a594001;
            if (bits & 0x2 != 0) ratio = (ratio * 0xfff97272373d413259a46990580e2139) >> 128;
            if (bits & 0x4 != 0) ratio = (ratio * 0xfff2e50f5f656932ef12357cf3c7fdcb) >> 128;
            if (bits & 0x8 != 0) ratio = (ratio * 0xffe5caca7e10e4e61c3624eaa0941ccf) >> 128;
            if (bits & 0x10 != 0) ratio = (ratio * 0xffcb9843d60f6159c9db58835c926643) >> 128;
            if (bits & 0x20 != 0) ratio = (ratio * 0xff973b41fa98c081472e6896dfb254bf) >> 128;
            if (bits & 0x40 != 0) ratio = (ratio * 0xff2ea16466c96a3843ec78b326b52860) >> 128;
            if (bits & 0x80 != 0) ratio = (ratio * 0xfe5dee046a99a2a811c461f1969c3052) >> 128;
            if (bits & 0x100 != 0) ratio = (ratio * 0xfcbe86c7900a88aedcffc83b479aa3a3) >> 128;
            if (bits & 0x200 != 0) ratio = (ratio * 0xf987a7253ac413176f2b074cf7815e53) >> 128;
            if (bits & 0x400 != 0) ratio = (ratio * 0xf3392b0822b70005940c7a398e4b70f2) >> 128;
            if (bits & 0x800 != 0) ratio = (ratio * 0xe7159475a2c29b7443b29c7fa6e889d8) >> 128;
            if (bits & 0x1000 != 0) ratio = (ratio * 0xd097f3bdfd2022b8845ad8f792aa5825) >> 128;
            if (bits & 0x2000 != 0) ratio = (ratio * 0xa9f746462d870fdf8a65dc1f90e061e4) >> 128;
            if (bits & 0x4000 != 0) ratio = (ratio * 0x70d869a156d2a1b890bb3df62baf32f6) >> 128;
            if (bits & 0x8000 != 0) ratio = (ratio * 0x31be135f97d08fd981231505542fcfa5) >> 128;
            if (bits & 0x10000 != 0) ratio = (ratio * 0x9aa508b5b7a84e1c677de54f3e99bc8) >> 128;
            if (bits & 0x20000 != 0) ratio = (ratio * 0x5d6af8dedb81196699c329225ee604) >> 128;
            if (bits & 0x40000 != 0) ratio = (ratio * 0x2216e584f5fa1ea926041bedfe97) >> 128;
            if (bits & 0x80000 != 0) ratio = (ratio * 0x48a170391f7dc42444e8fa2) >> 128;
            if (tick > 0) ratio = type(uint256).max / ratio;
            return uint160((ratio + type(uint32).max) >> 32);
        }
    }

    /// @notice The greatest tick whose price is at most `sqrtPrice`.
    /// @dev An estimate by the logarithm with 15 binary digits, which is off by at most one, and a look at the neighbours.
    function tickAt(uint160 sqrtPrice) internal pure returns (int24 tick) {
        if (sqrtPrice < MIN_SQRT_PRICE || sqrtPrice >= MAX_SQRT_PRICE) revert PriceOutOfRange(sqrtPrice);
        unchecked {
            uint256 exponent = Math.log2(sqrtPrice);
            // In 64.64 fixed point.
            int256 logarithm = (int256(exponent) - 96) << 64;
            // 1 <= mantissa < 2 in 1.127 fixed point; each squaring gives a binary digit.
            uint256 mantissa = exponent >= 127 ? uint256(sqrtPrice) >> (exponent - 127) : uint256(sqrtPrice) << (127 - exponent);
            for (uint256 digit = 63; digit > 48; --digit) {
                mantissa = (mantissa * mantissa) >> 127;
                if (mantissa >> 128 != 0) {
                    mantissa >>= 1;
                    logarithm += int256(1 << digit);
                }
            }
            // 2^64 / log2(sqrt(1.0001))
            tick = int24((logarithm * 255738958999603826347140) >> 128);
            if (tick < MIN_TICK) tick = MIN_TICK;
            while (tick < MAX_TICK && sqrtPriceAt(tick + 1) <= sqrtPrice) ++tick;
            while (sqrtPriceAt(tick) > sqrtPrice) --tick;
        }
    }
}
