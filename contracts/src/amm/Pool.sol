// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// A constant-product market between two tokens. Each swap reads and writes the same slot of reserves, so all swaps of
// a pool depend on one another: pools are what makes a DeFi block hard to run in parallel.

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice Who is paid by a swap before it pays.
interface IFlashSwapReceiver {
    /// @notice Called after the payout; the pool checks afterwards that it was paid for.
    function onFlashSwap(address initiator, uint256 amount0, uint256 amount1, bytes calldata data) external;
}

/// @title Constant-product pool with a 0.3% fee that stays with the liquidity providers
/// @notice Callers send tokens first and call second; the pool takes what its balances exceed its reserves by.
///         The router does both in one transaction. Shares of the pool are an ERC-20.
/// @dev What serialises: `_reserve0/_reserve1/_updatedAt` (one slot, all calls), `balanceOf[pool]` in both tokens, and for
///      liquidity `_totalSupply`. The lock is transient storage and conflicts with nothing.
contract Pool is ERC20("Braid Pool Share", "SHARE"), ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Shares that nobody ever owns, so that a share cannot be made too expensive to buy.
    uint256 public constant LOCKED_SHARES = 1000;
    address private constant NOBODY = address(0xdead);

    address public immutable factory;
    address public immutable token0;
    address public immutable token1;

    // One slot: what the pool knew it held after the last call, and when that was.
    uint112 private _reserve0;
    uint112 private _reserve1;
    uint32 private _updatedAt;

    /// @notice Sum over time of price * seconds, as 112.112 fixed point numbers: the average price of a period is a difference.
    uint256 public priceSum0;
    uint256 public priceSum1;

    event LiquidityAdded(address indexed sender, uint256 amount0, uint256 amount1);
    event LiquidityRemoved(address indexed sender, uint256 amount0, uint256 amount1, address indexed to);
    event Swapped(
        address indexed sender,
        uint256 amount0In,
        uint256 amount1In,
        uint256 amount0Out,
        uint256 amount1Out,
        address indexed to
    );
    event ReservesChanged(uint112 reserve0, uint112 reserve1);

    error InvalidReceiver(address to);
    error NothingIn();
    error NothingOut();
    error NotEnoughLiquidity();
    error ReserveOverflow();
    error ProductDecreased();

    constructor(address first, address second) {
        factory = msg.sender;
        token0 = first;
        token1 = second;
    }

    function reserves() public view returns (uint112 reserve0, uint112 reserve1, uint32 updatedAt) {
        return (_reserve0, _reserve1, _updatedAt);
    }

    /// @notice Turns the tokens that were sent to the pool into shares for `to`.
    function mint(address to) external nonReentrant returns (uint256 shares) {
        (uint112 reserve0, uint112 reserve1, ) = reserves();
        (uint256 balance0, uint256 balance1) = _balances();
        uint256 amount0 = balance0 - reserve0;
        uint256 amount1 = balance1 - reserve1;
        uint256 supply = totalSupply();
        if (supply == 0) {
            shares = Math.sqrt(amount0 * amount1);
            if (shares <= LOCKED_SHARES) revert NotEnoughLiquidity();
            shares -= LOCKED_SHARES;
            _mint(NOBODY, LOCKED_SHARES);
        } else {
            shares = Math.min((amount0 * supply) / reserve0, (amount1 * supply) / reserve1);
        }
        if (shares == 0) revert NothingIn();
        _mint(to, shares);
        _settle(balance0, balance1, reserve0, reserve1);
        emit LiquidityAdded(msg.sender, amount0, amount1);
    }

    /// @notice Destroys the shares that were sent to the pool and pays out their part of both reserves to `to`.
    function burn(address to) external nonReentrant returns (uint256 amount0, uint256 amount1) {
        (uint112 reserve0, uint112 reserve1, ) = reserves();
        (uint256 balance0, uint256 balance1) = _balances();
        uint256 shares = balanceOf(address(this));
        uint256 supply = totalSupply();
        amount0 = (shares * balance0) / supply;
        amount1 = (shares * balance1) / supply;
        if (amount0 == 0 || amount1 == 0) revert NothingOut();
        _burn(address(this), shares);
        IERC20(token0).safeTransfer(to, amount0);
        IERC20(token1).safeTransfer(to, amount1);
        (balance0, balance1) = _balances();
        _settle(balance0, balance1, reserve0, reserve1);
        emit LiquidityRemoved(msg.sender, amount0, amount1, to);
    }

    /// @notice Pays out the given amounts, calls the receiver when there is `data` for it (a flash swap), then insists that what
    ///         came in keeps the product of the reserves, fee included.
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external nonReentrant {
        if (amount0Out == 0 && amount1Out == 0) revert NothingOut();
        if (amount0Out >= _reserve0 || amount1Out >= _reserve1) revert NotEnoughLiquidity();
        _payOut(amount0Out, amount1Out, to, data);
        (uint256 amount0In, uint256 amount1In) = _takeIn(amount0Out, amount1Out);
        emit Swapped(msg.sender, amount0In, amount1In, amount0Out, amount1Out, to);
    }

    /// @notice Pays out what was sent to the pool without a call.
    function skim(address to) external nonReentrant {
        (uint256 balance0, uint256 balance1) = _balances();
        IERC20(token0).safeTransfer(to, balance0 - _reserve0);
        IERC20(token1).safeTransfer(to, balance1 - _reserve1);
    }

    /// @notice Takes the balances as reserves: what was sent without a call belongs to the liquidity providers.
    function sync() external nonReentrant {
        (uint256 balance0, uint256 balance1) = _balances();
        _settle(balance0, balance1, _reserve0, _reserve1);
    }

    function _payOut(uint256 amount0, uint256 amount1, address to, bytes calldata data) private {
        // A token that is its own receiver could move its balance back and have it taken for a payment.
        if (to == token0 || to == token1) revert InvalidReceiver(to);
        if (amount0 > 0) IERC20(token0).safeTransfer(to, amount0);
        if (amount1 > 0) IERC20(token1).safeTransfer(to, amount1);
        if (data.length > 0) IFlashSwapReceiver(to).onFlashSwap(msg.sender, amount0, amount1, data);
    }

    function _takeIn(uint256 amount0Out, uint256 amount1Out) private returns (uint256 amount0In, uint256 amount1In) {
        (uint112 reserve0, uint112 reserve1, ) = reserves();
        (uint256 balance0, uint256 balance1) = _balances();
        amount0In = Math.saturatingSub(balance0, reserve0 - amount0Out);
        amount1In = Math.saturatingSub(balance1, reserve1 - amount1Out);
        if (amount0In == 0 && amount1In == 0) revert NothingIn();
        uint256 product = (balance0 * 1000 - amount0In * 3) * (balance1 * 1000 - amount1In * 3);
        if (product < uint256(reserve0) * reserve1 * 1_000_000) revert ProductDecreased();
        _settle(balance0, balance1, reserve0, reserve1);
    }

    function _settle(uint256 balance0, uint256 balance1, uint112 reserve0, uint112 reserve1) private {
        if (balance0 > type(uint112).max || balance1 > type(uint112).max) revert ReserveOverflow();
        uint32 time = uint32(block.timestamp);
        unchecked {
            // Wraps around by intent: only differences of times and of sums mean something.
            uint32 elapsed = time - _updatedAt;
            if (elapsed > 0 && reserve0 != 0 && reserve1 != 0) {
                priceSum0 += ((uint256(reserve1) << 112) / reserve0) * elapsed;
                priceSum1 += ((uint256(reserve0) << 112) / reserve1) * elapsed;
            }
        }
        _reserve0 = uint112(balance0);
        _reserve1 = uint112(balance1);
        _updatedAt = time;
        emit ReservesChanged(uint112(balance0), uint112(balance1));
    }

    function _balances() private view returns (uint256 balance0, uint256 balance1) {
        balance0 = IERC20(token0).balanceOf(address(this));
        balance1 = IERC20(token1).balanceOf(address(this));
    }
}
