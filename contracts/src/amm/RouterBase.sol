// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// What people call: it moves their tokens into pools, through several of them if need be, and checks the outcome.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IWrappedEther} from "../token/IWrappedEther.sol";
import {Pool} from "./Pool.sol";

abstract contract RouterBase {
    using SafeERC20 for IERC20;

    IWrappedEther public immutable weth;

    error Expired(uint256 deadline);
    error NoPool(address tokenA, address tokenB);
    error PathTooShort();
    error PathWithoutEther();
    error TooLittleOut(uint256 amount, uint256 minimum);
    error TooMuchIn(uint256 amount, uint256 maximum);
    error TooLittleUsed(uint256 amount, uint256 minimum);
    error NotEnoughLiquidity();
    error EtherNotAccepted();

    constructor(IWrappedEther wrappedEther) {
        weth = wrappedEther;
    }

    /// @dev Only wrapped ether sends ether here, on its way to somebody.
    receive() external payable {
        if (msg.sender != address(weth)) revert EtherNotAccepted();
    }

    modifier before(uint256 deadline) {
        if (block.timestamp > deadline) revert Expired(deadline);
        _;
    }

    /// @dev Where the caller trades two tokens; zero when there is no pool.
    function _lookUp(address tokenA, address tokenB) internal view virtual returns (address pool);

    function _createPool(address tokenA, address tokenB) internal virtual returns (address pool);

    /// @notice Sells exactly `amountIn` of the first token of `path` for at least `minimumOut` of its last one.
    function swapExactIn(
        uint256 amountIn,
        uint256 minimumOut,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external before(deadline) returns (uint256[] memory amounts) {
        amounts = quote(amountIn, path);
        _requireOutput(amounts, minimumOut);
        _pull(path[0], _pool(path[0], path[1]), amountIn);
        _swapAlong(amounts, path, to);
    }

    /// @notice Buys exactly `amountOut` of the last token of `path` for at most `maximumIn` of its first one.
    function swapExactOut(
        uint256 amountOut,
        uint256 maximumIn,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external before(deadline) returns (uint256[] memory amounts) {
        amounts = quoteOut(amountOut, path);
        if (amounts[0] > maximumIn) revert TooMuchIn(amounts[0], maximumIn);
        _pull(path[0], _pool(path[0], path[1]), amounts[0]);
        _swapAlong(amounts, path, to);
    }

    /// @notice Sells the ether that comes with the call; `path` begins with wrapped ether.
    function swapExactEtherIn(
        uint256 minimumOut,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external payable before(deadline) returns (uint256[] memory amounts) {
        amounts = quote(msg.value, path);
        if (path[0] != address(weth)) revert PathWithoutEther();
        _requireOutput(amounts, minimumOut);
        weth.deposit{value: msg.value}();
        IERC20(path[0]).safeTransfer(_pool(path[0], path[1]), msg.value);
        _swapAlong(amounts, path, to);
    }

    /// @notice Sells tokens for ether; `path` ends with wrapped ether.
    function swapExactInForEther(
        uint256 amountIn,
        uint256 minimumOut,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external before(deadline) returns (uint256[] memory amounts) {
        amounts = quote(amountIn, path);
        if (path[path.length - 1] != address(weth)) revert PathWithoutEther();
        _requireOutput(amounts, minimumOut);
        _pull(path[0], _pool(path[0], path[1]), amountIn);
        _swapAlong(amounts, path, address(this));
        uint256 output = amounts[amounts.length - 1];
        weth.withdraw(output);
        (bool accepted, ) = to.call{value: output}("");
        if (!accepted) revert EtherNotAccepted();
    }

    /// @notice Adds up to the desired amounts, at the price of the pool; creates the pool when there is none.
    function addLiquidity(
        address tokenA,
        address tokenB,
        uint256 desiredA,
        uint256 desiredB,
        uint256 minimumA,
        uint256 minimumB,
        address to,
        uint256 deadline
    ) external before(deadline) returns (uint256 amountA, uint256 amountB, uint256 shares) {
        address pool = _lookUp(tokenA, tokenB);
        if (pool == address(0)) pool = _createPool(tokenA, tokenB);
        (amountA, amountB) = _atPoolPrice(pool, tokenA, tokenB, desiredA, desiredB);
        if (amountA < minimumA) revert TooLittleUsed(amountA, minimumA);
        if (amountB < minimumB) revert TooLittleUsed(amountB, minimumB);
        _pull(tokenA, pool, amountA);
        _pull(tokenB, pool, amountB);
        shares = Pool(pool).mint(to);
    }

    /// @notice Gives `shares` of the caller back to the pool.
    function removeLiquidity(
        address tokenA,
        address tokenB,
        uint256 shares,
        uint256 minimumA,
        uint256 minimumB,
        address to,
        uint256 deadline
    ) external before(deadline) returns (uint256 amountA, uint256 amountB) {
        address pool = _pool(tokenA, tokenB);
        _pull(pool, pool, shares);
        (uint256 amount0, uint256 amount1) = Pool(pool).burn(to);
        (amountA, amountB) = tokenA < tokenB ? (amount0, amount1) : (amount1, amount0);
        if (amountA < minimumA) revert TooLittleOut(amountA, minimumA);
        if (amountB < minimumB) revert TooLittleOut(amountB, minimumB);
    }

    /// @notice What `amountIn` becomes at each step of `path` at the present reserves.
    function quote(uint256 amountIn, address[] calldata path) public view returns (uint256[] memory amounts) {
        if (path.length < 2) revert PathTooShort();
        amounts = new uint256[](path.length);
        amounts[0] = amountIn;
        for (uint256 i = 1; i < path.length; ++i) {
            (uint256 reserveIn, uint256 reserveOut) = _reserves(_pool(path[i - 1], path[i]), path[i - 1], path[i]);
            uint256 charged = amounts[i - 1] * 997;
            amounts[i] = (charged * reserveOut) / (reserveIn * 1000 + charged);
        }
    }

    /// @notice What each step of `path` must be given so that `amountOut` comes out at its end.
    function quoteOut(uint256 amountOut, address[] calldata path) public view returns (uint256[] memory amounts) {
        if (path.length < 2) revert PathTooShort();
        amounts = new uint256[](path.length);
        amounts[path.length - 1] = amountOut;
        for (uint256 i = path.length - 1; i > 0; --i) {
            (uint256 reserveIn, uint256 reserveOut) = _reserves(_pool(path[i - 1], path[i]), path[i - 1], path[i]);
            if (amounts[i] >= reserveOut) revert NotEnoughLiquidity();
            // Rounded up: the pool insists on its product.
            amounts[i - 1] = (reserveIn * amounts[i] * 1000) / ((reserveOut - amounts[i]) * 997) + 1;
        }
    }

    /// @dev As much of both desired amounts as can go in without moving the price.
    function _atPoolPrice(
        address pool,
        address tokenA,
        address tokenB,
        uint256 desiredA,
        uint256 desiredB
    ) private view returns (uint256, uint256) {
        (uint256 reserveA, uint256 reserveB) = _reserves(pool, tokenA, tokenB);
        if (reserveA == 0 && reserveB == 0) return (desiredA, desiredB);
        uint256 fittingB = (desiredA * reserveB) / reserveA;
        if (fittingB <= desiredB) return (desiredA, fittingB);
        return ((desiredB * reserveA) / reserveB, desiredB);
    }

    function _swapAlong(uint256[] memory amounts, address[] calldata path, address to) private {
        for (uint256 i = 1; i < path.length; ++i) {
            (address tokenIn, address tokenOut) = (path[i - 1], path[i]);
            // Each pool pays straight into the next one; the last one pays the receiver.
            address receiver = i + 1 < path.length ? _pool(tokenOut, path[i + 1]) : to;
            (uint256 out0, uint256 out1) = tokenIn < tokenOut ? (uint256(0), amounts[i]) : (amounts[i], uint256(0));
            Pool(_pool(tokenIn, tokenOut)).swap(out0, out1, receiver, "");
        }
    }

    function _requireOutput(uint256[] memory amounts, uint256 minimumOut) private pure {
        uint256 output = amounts[amounts.length - 1];
        if (output < minimumOut) revert TooLittleOut(output, minimumOut);
    }

    function _pool(address tokenA, address tokenB) private view returns (address pool) {
        pool = _lookUp(tokenA, tokenB);
        if (pool == address(0)) revert NoPool(tokenA, tokenB);
    }

    function _reserves(address pool, address tokenA, address tokenB) private view returns (uint256, uint256) {
        (uint256 reserve0, uint256 reserve1, ) = Pool(pool).reserves();
        return tokenA < tokenB ? (reserve0, reserve1) : (reserve1, reserve0);
    }

    function _pull(address token, address to, uint256 value) private {
        IERC20(token).safeTransferFrom(msg.sender, to, value);
    }
}
