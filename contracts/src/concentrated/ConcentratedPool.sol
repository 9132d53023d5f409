// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// A market in which liquidity lies between two prices of its provider's choice.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SwapMath} from "./SwapMath.sol";
import {TickBitmap} from "./TickBitmap.sol";
import {TickMath} from "./TickMath.sol";

/// @notice Who calls a pool is asked to pay by one of these, and the pool checks that it was paid.
interface IConcentratedPayer {
    function onLiquidityDue(uint256 amount0, uint256 amount1, bytes calldata data) external;

    /// @param amount0 What is due in token 0 (positive), or what was paid out (negative).
    function onSwapDue(int256 amount0, int256 amount1, bytes calldata data) external;

    function onFlashDue(uint256 fee0, uint256 fee1, bytes calldata data) external;
}

/// @title Concentrated liquidity between two tokens
/// @dev What serialises: `_sqrtPrice/_tick` (one slot), `_liquidity`, the fee growth of the token that comes in, and the pool's balances in
///      both tokens: all swaps. Liquidity away from the price touches none of the first three: it writes its own position, its two
///      ticks and their words of the bitmap, so providers there wait for others only in the tokens' balances.
contract ConcentratedPool is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;
    using SafeCast for int256;
    using Math for uint256;
    using TickBitmap for mapping(int16 word => uint256);

    uint256 private constant Q128 = 1 << 128;

    struct Tick {
        /// All liquidity that begins or ends here.
        uint128 gross;
        /// What the liquidity in force grows by when the price rises through this tick.
        int128 net;
        /// Fees for each unit of liquidity on the side of the tick where the price is not.
        uint256 feesOutside0;
        uint256 feesOutside1;
    }

    struct Position {
        uint128 liquidity;
        uint256 feesInside0;
        uint256 feesInside1;
        /// What can be collected.
        uint128 owed0;
        uint128 owed1;
    }

    /// @dev A swap under way.
    struct SwapState {
        int256 remaining;
        int256 calculated;
        uint160 sqrtPrice;
        int24 tick;
        uint128 liquidity;
        uint256 feeGrowth;
    }

    address public immutable factory;
    IERC20 public immutable token0;
    IERC20 public immutable token1;
    /// @notice In millionths of what comes in; all of it is the liquidity providers'.
    uint24 public immutable fee;
    int24 public immutable tickSpacing;
    /// @notice So that the liquidity in force fits into 128 bits whatever is provided.
    uint128 public immutable mostLiquidityPerTick;

    uint160 private _sqrtPrice;
    int24 private _tick;
    uint128 private _liquidity;
    uint256 public feeGrowth0;
    uint256 public feeGrowth1;
    mapping(int24 tick => Tick) public ticks;
    mapping(int16 word => uint256) public tickBitmap;
    mapping(bytes32 key => Position) private _positions;

    event Minted(address indexed owner, int24 indexed lower, int24 indexed upper, uint128 liquidity, uint256 amount0, uint256 amount1);
    event Burned(address indexed owner, int24 indexed lower, int24 indexed upper, uint128 liquidity, uint256 amount0, uint256 amount1);
    event Collected(address indexed owner, int24 indexed lower, int24 indexed upper, address to, uint128 amount0, uint128 amount1);
    event Swapped(address indexed sender, address indexed to, int256 amount0, int256 amount1, uint160 sqrtPrice, uint128 liquidity, int24 tick);
    event Flashed(address indexed sender, address indexed to, uint256 amount0, uint256 amount1, uint256 paid0, uint256 paid1);

    error InvalidRange(int24 lower, int24 upper);
    error NoLiquidity();
    error TooMuchLiquidity(int24 tick, uint128 most);
    error InvalidLimit(uint160 sqrtPrice);
    error NothingToSwap();
    error NotPaid(IERC20 token, uint256 due);

    constructor(IERC20 first, IERC20 second, uint24 feeMillionths, int24 spacing, uint160 sqrtPrice) {
        factory = msg.sender;
        token0 = first;
        token1 = second;
        fee = feeMillionths;
        tickSpacing = spacing;
        int24 steps = TickMath.MAX_TICK / spacing;
        mostLiquidityPerTick = type(uint128).max / uint24(2 * steps + 1);
        _sqrtPrice = sqrtPrice;
        _tick = TickMath.tickAt(sqrtPrice);
    }

    function state() external view returns (uint160 sqrtPrice, int24 tick, uint128 liquidity) {
        return (_sqrtPrice, _tick, _liquidity);
    }

    function position(address owner, int24 lower, int24 upper) external view returns (Position memory) {
        return _positions[_key(owner, lower, upper)];
    }

    /// @notice Adds `amount` of liquidity to a position of `owner`; the caller pays.
    function mint(
        address owner,
        int24 lower,
        int24 upper,
        uint128 amount,
        bytes calldata data
    ) external nonReentrant returns (uint256 amount0, uint256 amount1) {
        if (amount == 0) revert NoLiquidity();
        (amount0, amount1) = _change(owner, lower, upper, uint256(amount).toInt256().toInt128());
        uint256 before0 = token0.balanceOf(address(this));
        uint256 before1 = token1.balanceOf(address(this));
        IConcentratedPayer(msg.sender).onLiquidityDue(amount0, amount1, data);
        _requirePaid(token0, before0 + amount0);
        _requirePaid(token1, before1 + amount1);
        emit Minted(owner, lower, upper, amount, amount0, amount1);
    }

    /// @notice Takes `amount` of liquidity out of the caller's position; what it is worth can be collected. Zero brings the fees up to date.
    function burn(int24 lower, int24 upper, uint128 amount) external nonReentrant returns (uint256 amount0, uint256 amount1) {
        (amount0, amount1) = _change(msg.sender, lower, upper, -uint256(amount).toInt256().toInt128());
        Position storage own = _positions[_key(msg.sender, lower, upper)];
        own.owed0 += amount0.toUint128();
        own.owed1 += amount1.toUint128();
        emit Burned(msg.sender, lower, upper, amount, amount0, amount1);
    }

    /// @notice Pays out what the caller's position is owed, at most `most0` and `most1`.
    function collect(
        address to,
        int24 lower,
        int24 upper,
        uint128 most0,
        uint128 most1
    ) external nonReentrant returns (uint128 amount0, uint128 amount1) {
        Position storage own = _positions[_key(msg.sender, lower, upper)];
        amount0 = most0 < own.owed0 ? most0 : own.owed0;
        amount1 = most1 < own.owed1 ? most1 : own.owed1;
        own.owed0 -= amount0;
        own.owed1 -= amount1;
        emit Collected(msg.sender, lower, upper, to, amount0, amount1);
        if (amount0 > 0) token0.safeTransfer(to, amount0);
        if (amount1 > 0) token1.safeTransfer(to, amount1);
    }

    /// @notice Swaps until the amount is used up or the price is at `limit`.
    /// @param zeroForOne Whether token 0 comes in and the price falls.
    /// @param amount What comes in (positive) or goes out (negative).
    /// @return amount0 What the caller pays in token 0 (positive) or is paid (negative).
    function swap(
        address to,
        bool zeroForOne,
        int256 amount,
        uint160 limit,
        bytes calldata data
    ) external nonReentrant returns (int256 amount0, int256 amount1) {
        if (amount == 0) revert NothingToSwap();
        (amount0, amount1) = _swap(zeroForOne, amount, limit);
        _settle(to, zeroForOne, amount0, amount1, data);
        emit Swapped(msg.sender, to, amount0, amount1, _sqrtPrice, _liquidity, _tick);
    }

    /// @notice Lends both tokens for the length of a call, for the pool's fee.
    function flash(address to, uint256 amount0, uint256 amount1, bytes calldata data) external nonReentrant {
        uint128 liquidity = _liquidity;
        if (liquidity == 0) revert NoLiquidity();
        uint256 before0 = token0.balanceOf(address(this));
        uint256 before1 = token1.balanceOf(address(this));
        if (amount0 > 0) token0.safeTransfer(to, amount0);
        if (amount1 > 0) token1.safeTransfer(to, amount1);
        _askForFlash(amount0, amount1, data);
        uint256 paid0 = _flashPaid(token0, before0, amount0);
        uint256 paid1 = _flashPaid(token1, before1, amount1);
        unchecked {
            // Wraps around by intent, as everywhere with fee growth: only differences mean something.
            feeGrowth0 += paid0.mulDiv(Q128, liquidity);
            feeGrowth1 += paid1.mulDiv(Q128, liquidity);
        }
        emit Flashed(msg.sender, to, amount0, amount1, paid0, paid1);
    }

    function _askForFlash(uint256 amount0, uint256 amount1, bytes calldata data) private {
        IConcentratedPayer(msg.sender).onFlashDue(_flashFee(amount0), _flashFee(amount1), data);
    }

    function _flashFee(uint256 amount) private view returns (uint256) {
        return amount.mulDiv(fee, SwapMath.MILLION, Math.Rounding.Ceil);
    }

    function _flashPaid(IERC20 token, uint256 balanceBefore, uint256 amount) private view returns (uint256) {
        _requirePaid(token, balanceBefore + _flashFee(amount));
        return token.balanceOf(address(this)) - balanceBefore;
    }

    function _swap(bool zeroForOne, int256 amount, uint160 limit) private returns (int256 amount0, int256 amount1) {
        _requireLimit(zeroForOne, limit);
        SwapState memory current = SwapState({
            remaining: amount,
            calculated: 0,
            sqrtPrice: _sqrtPrice,
            tick: _tick,
            liquidity: _liquidity,
            feeGrowth: zeroForOne ? feeGrowth0 : feeGrowth1
        });
        while (current.remaining != 0 && current.sqrtPrice != limit) _advance(current, zeroForOne, limit);
        _sqrtPrice = current.sqrtPrice;
        _tick = current.tick;
        _liquidity = current.liquidity;
        if (zeroForOne) feeGrowth0 = current.feeGrowth;
        else feeGrowth1 = current.feeGrowth;
        int256 used = amount - current.remaining;
        // The given amount is token 0's when token 0 comes in exactly, or goes out exactly.
        (amount0, amount1) = zeroForOne == (amount > 0) ? (used, current.calculated) : (current.calculated, used);
    }

    /// @dev Moves the price to the next tick that has a bit, or to where the amount or the limit stops it.
    function _advance(SwapState memory current, bool zeroForOne, uint160 limit) private {
        uint160 from = current.sqrtPrice;
        (int24 nextTick, bool marked) = tickBitmap.next(current.tick, tickSpacing, zeroForOne);
        if (nextTick < TickMath.MIN_TICK) nextTick = TickMath.MIN_TICK;
        if (nextTick > TickMath.MAX_TICK) nextTick = TickMath.MAX_TICK;
        uint160 nextPrice = TickMath.sqrtPriceAt(nextTick);
        bool limited = zeroForOne ? nextPrice < limit : nextPrice > limit;
        SwapMath.Step memory step = SwapMath.step(from, limited ? limit : nextPrice, current.liquidity, current.remaining, fee);
        current.sqrtPrice = step.sqrtPrice;
        if (current.remaining > 0) {
            current.remaining -= (step.amountIn + step.fee).toInt256();
            current.calculated -= step.amountOut.toInt256();
        } else {
            current.remaining += step.amountOut.toInt256();
            current.calculated += (step.amountIn + step.fee).toInt256();
        }
        unchecked {
            if (current.liquidity > 0) current.feeGrowth += step.fee.mulDiv(Q128, current.liquidity);
        }
        if (current.sqrtPrice == nextPrice) {
            if (marked) _cross(current, nextTick, zeroForOne);
            current.tick = zeroForOne ? nextTick - 1 : nextTick;
        } else if (current.sqrtPrice != from) {
            current.tick = TickMath.tickAt(current.sqrtPrice);
        }
    }

    function _cross(SwapState memory current, int24 tick, bool zeroForOne) private {
        Tick storage crossed = ticks[tick];
        unchecked {
            crossed.feesOutside0 = (zeroForOne ? current.feeGrowth : feeGrowth0) - crossed.feesOutside0;
            crossed.feesOutside1 = (zeroForOne ? feeGrowth1 : current.feeGrowth) - crossed.feesOutside1;
        }
        current.liquidity = _plus(current.liquidity, zeroForOne ? -crossed.net : crossed.net);
    }

    function _settle(address to, bool zeroForOne, int256 amount0, int256 amount1, bytes calldata data) private {
        (IERC20 tokenIn, IERC20 tokenOut) = zeroForOne ? (token0, token1) : (token1, token0);
        (int256 due, int256 out) = zeroForOne ? (amount0, amount1) : (amount1, amount0);
        if (out < 0) tokenOut.safeTransfer(to, uint256(-out));
        uint256 before = tokenIn.balanceOf(address(this));
        IConcentratedPayer(msg.sender).onSwapDue(amount0, amount1, data);
        _requirePaid(tokenIn, before + uint256(due));
    }

    function _requireLimit(bool zeroForOne, uint160 limit) private view {
        bool valid = zeroForOne
            ? limit < _sqrtPrice && limit > TickMath.MIN_SQRT_PRICE
            : limit > _sqrtPrice && limit < TickMath.MAX_SQRT_PRICE;
        if (!valid) revert InvalidLimit(limit);
    }

    function _requirePaid(IERC20 token, uint256 due) private view {
        if (token.balanceOf(address(this)) < due) revert NotPaid(token, due);
    }

    /// @dev Changes a position by `delta`, and gives the amounts that this is worth: rounded up when they come in.
    function _change(address owner, int24 lower, int24 upper, int128 delta) private returns (uint256 amount0, uint256 amount1) {
        if (lower >= upper) revert InvalidRange(lower, upper);
        bool lowerFlipped = _changeTick(lower, delta, false);
        bool upperFlipped = _changeTick(upper, delta, true);
        _changePosition(_positions[_key(owner, lower, upper)], lower, upper, delta);
        // A tick without liquidity forgets its fees, which nobody can have a claim to.
        if (delta < 0 && lowerFlipped) delete ticks[lower];
        if (delta < 0 && upperFlipped) delete ticks[upper];
        if (delta == 0) return (0, 0);

        bool roundUp = delta > 0;
        uint128 size = uint128(roundUp ? delta : -delta);
        uint160 price = _sqrtPrice;
        uint160 low = TickMath.sqrtPriceAt(lower);
        uint160 high = TickMath.sqrtPriceAt(upper);
        if (_tick < lower) {
            amount0 = SwapMath.amount0(low, high, size, roundUp);
        } else if (_tick < upper) {
            amount0 = SwapMath.amount0(price, high, size, roundUp);
            amount1 = SwapMath.amount1(low, price, size, roundUp);
            _liquidity = _plus(_liquidity, delta);
        } else {
            amount1 = SwapMath.amount1(low, high, size, roundUp);
        }
    }

    /// @return flipped Whether the tick began or ceased to matter.
    function _changeTick(int24 tick, int128 delta, bool isUpper) private returns (bool flipped) {
        if (delta == 0) return false;
        Tick storage changed = ticks[tick];
        uint128 before = changed.gross;
        uint128 afterwards = _plus(before, delta);
        if (afterwards > mostLiquidityPerTick) revert TooMuchLiquidity(tick, mostLiquidityPerTick);
        if (before == 0 && tick <= _tick) {
            // By convention all fees so far arose below the tick.
            changed.feesOutside0 = feeGrowth0;
            changed.feesOutside1 = feeGrowth1;
        }
        changed.gross = afterwards;
        changed.net = isUpper ? changed.net - delta : changed.net + delta;
        flipped = (before == 0) != (afterwards == 0);
        if (flipped) tickBitmap.flip(tick, tickSpacing);
    }

    function _changePosition(Position storage own, int24 lower, int24 upper, int128 delta) private {
        (uint256 inside0, uint256 inside1) = _feesInside(lower, upper);
        uint128 liquidity = own.liquidity;
        if (delta == 0 && liquidity == 0) revert NoLiquidity();
        unchecked {
            own.owed0 += uint128((inside0 - own.feesInside0).mulDiv(liquidity, Q128));
            own.owed1 += uint128((inside1 - own.feesInside1).mulDiv(liquidity, Q128));
        }
        own.feesInside0 = inside0;
        own.feesInside1 = inside1;
        if (delta != 0) own.liquidity = _plus(liquidity, delta);
    }

    /// @dev Fees for each unit of liquidity between two ticks: all of them less those below and above.
    function _feesInside(int24 lower, int24 upper) private view returns (uint256 inside0, uint256 inside1) {
        Tick storage low = ticks[lower];
        Tick storage high = ticks[upper];
        unchecked {
            if (_tick < lower) {
                inside0 = low.feesOutside0 - high.feesOutside0;
                inside1 = low.feesOutside1 - high.feesOutside1;
            } else if (_tick < upper) {
                inside0 = feeGrowth0 - low.feesOutside0 - high.feesOutside0;
                inside1 = feeGrowth1 - low.feesOutside1 - high.feesOutside1;
            } else {
                inside0 = high.feesOutside0 - low.feesOutside0;
                inside1 = high.feesOutside1 - low.feesOutside1;
            }
        }
    }

    function _plus(uint128 liquidity, int128 delta) private pure returns (uint128) {
        return delta < 0 ? liquidity - uint128(-delta) : liquidity + uint128(delta);
    }

    function _key(address owner, int24 lower, int24 upper) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(owner, lower, upper));
    }
}
