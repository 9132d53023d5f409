// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Which ticks have liquidity beginning or ending at them: one bit a tick, 256 ticks a word.

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

library TickBitmap {
    error TickMisplaced(int24 tick, int24 spacing);

    /// @notice Flips the bit of `tick`, which is a multiple of `spacing`.
    function flip(mapping(int16 word => uint256) storage bitmap, int24 tick, int24 spacing) internal {
        if (tick % spacing != 0) revert TickMisplaced(tick, spacing);
        int24 position = tick / spacing;
        bitmap[int16(position >> 8)] ^= 1 << uint8(uint24(position));
    }

    /// @notice The next marked tick at or below `tick` (downwards) or above it (upwards), or the last one of its word when none is.
    function next(
        mapping(int16 word => uint256) storage bitmap,
        int24 tick,
        int24 spacing,
        bool downwards
    ) internal view returns (int24 found, bool marked) {
        unchecked {
            int24 position = tick / spacing;
            // Division rounds towards zero; positions count from below.
            if (tick < 0 && tick % spacing != 0) --position;
            if (!downwards) ++position;
            uint8 bit = uint8(uint24(position));
            uint256 word = bitmap[int16(position >> 8)];
            if (downwards) {
                word &= type(uint256).max >> (255 - bit);
                marked = word != 0;
                found = (position - int24(uint24(marked ? bit - uint8(Math.log2(word)) : bit))) * spacing;
            } else {
                word &= type(uint256).max << bit;
                marked = word != 0;
                // The lowest bit alone: x & -x.
                uint8 last = marked ? uint8(Math.log2(word & (~word + 1))) : 255;
                found = (position + int24(uint24(last - bit))) * spacing;
            }
        }
    }
}
