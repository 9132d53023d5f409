// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// A constant-product market between two tokens. Each swap reads and writes the same slot of reserves, so all swaps of
// a pool depend on one another: pools are what makes a DeFi block hard to run in parallel.

import {TokenBase} from "./TokenBase.sol";

/// @title Constant-product pool with a 0.3% fee that stays with the liquidity providers
/// @notice Callers send tokens first and call second; the pool takes what its balances exceed its reserves by.
///         The router does both in one transaction. Shares of the pool are an ERC-20.
contract Pool is TokenBase {
    /// @notice Shares that nobody ever owns, so that a share cannot be made too expensive to buy.
    uint256 public constant LOCKED_SHARES = 1000;

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

    uint256 private _state = IDLE;
    uint256 private constant IDLE = 1;
    uint256 private constant BUSY = 2;

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

    error Busy();
    error TokenCallFailed(address token);
    error NothingIn();
    error NothingOut();
    error NotEnoughLiquidity();
    error ReserveOverflow();
    error ProductDecreased();

    constructor(address first, address second) TokenBase("Braid Pool Share", "SHARE") {
        factory = msg.sender;
        token0 = first;
        token1 = second;
    }

    modifier exclusive() {
        if (_state != IDLE) revert Busy();
        _state = BUSY;
        _;
        _state = IDLE;
    }

    function reserves() public view returns (uint112 reserve0, uint112 reserve1, uint32 updatedAt) {
        return (_reserve0, _reserve1, _updatedAt);
    }

    /// @notice Turns the tokens that were sent to the pool into shares for `to`.
    function mint(address to) external exclusive returns (uint256 shares) {
        (uint112 reserve0, uint112 reserve1, ) = reserves();
        (uint256 balance0, uint256 balance1) = _balances();
        uint256 amount0 = balance0 - reserve0;
        uint256 amount1 = balance1 - reserve1;
        uint256 supply = totalSupply;
        if (supply == 0) {
            shares = _squareRoot(amount0 * amount1);
            if (shares <= LOCKED_SHARES) revert NotEnoughLiquidity();
            shares -= LOCKED_SHARES;
            _create(address(0), LOCKED_SHARES);
        } else {
            uint256 shares0 = (amount0 * supply) / reserve0;
            uint256 shares1 = (amount1 * supply) / reserve1;
            shares = shares0 < shares1 ? shares0 : shares1;
        }
        if (shares == 0) revert NothingIn();
        _create(to, shares);
        _settle(balance0, balance1, reserve0, reserve1);
        emit LiquidityAdded(msg.sender, amount0, amount1);
    }

    /// @notice Destroys the shares that were sent to the pool and pays out their part of both reserves to `to`.
    function burn(address to) external exclusive returns (uint256 amount0, uint256 amount1) {
        (uint112 reserve0, uint112 reserve1, ) = reserves();
        (uint256 balance0, uint256 balance1) = _balances();
        uint256 shares = balanceOf[address(this)];
        uint256 supply = totalSupply;
        amount0 = (shares * balance0) / supply;
        amount1 = (shares * balance1) / supply;
        if (amount0 == 0 || amount1 == 0) revert NothingOut();
        _destroy(address(this), shares);
        _send(token0, to, amount0);
        _send(token1, to, amount1);
        (balance0, balance1) = _balances();
        _settle(balance0, balance1, reserve0, reserve1);
        emit LiquidityRemoved(msg.sender, amount0, amount1, to);
    }

    /// @notice Pays out the given amounts, then insists that what came in keeps the product of the reserves, fee included.
    function swap(uint256 amount0Out, uint256 amount1Out, address to) external exclusive {
        if (amount0Out == 0 && amount1Out == 0) revert NothingOut();
        (uint112 reserve0, uint112 reserve1, ) = reserves();
        if (amount0Out >= reserve0 || amount1Out >= reserve1) revert NotEnoughLiquidity();
        if (amount0Out > 0) _send(token0, to, amount0Out);
        if (amount1Out > 0) _send(token1, to, amount1Out);
        (uint256 balance0, uint256 balance1) = _balances();
        uint256 amount0In = _surplus(balance0, reserve0 - amount0Out);
        uint256 amount1In = _surplus(balance1, reserve1 - amount1Out);
        if (amount0In == 0 && amount1In == 0) revert NothingIn();
        uint256 charged0 = balance0 * 1000 - amount0In * 3;
        uint256 charged1 = balance1 * 1000 - amount1In * 3;
        if (charged0 * charged1 < uint256(reserve0) * reserve1 * 1_000_000) revert ProductDecreased();
        _settle(balance0, balance1, reserve0, reserve1);
        emit Swapped(msg.sender, amount0In, amount1In, amount0Out, amount1Out, to);
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
        balance0 = TokenBase(token0).balanceOf(address(this));
        balance1 = TokenBase(token1).balanceOf(address(this));
    }

    /// @dev Low-level, so that tokens which return nothing work as well as tokens which return true.
    function _send(address token, address to, uint256 value) private {
        (bool ok, bytes memory answer) = token.call(abi.encodeCall(TokenBase.transfer, (to, value)));
        if (!ok || (answer.length != 0 && !abi.decode(answer, (bool)))) revert TokenCallFailed(token);
    }

    function _surplus(uint256 balance, uint256 expected) private pure returns (uint256) {
        return balance > expected ? balance - expected : 0;
    }

    /// @dev Newton's method from a start that is never below the root; it falls until it stops falling.
    function _squareRoot(uint256 value) private pure returns (uint256 root) {
        if (value == 0) return 0;
        root = value;
        uint256 next = value / 2 + 1;
        while (next < root) {
            root = next;
            next = (value / next + next) / 2;
        }
    }
}
