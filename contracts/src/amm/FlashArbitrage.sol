// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Evens out the prices of two pools of the same pair without capital: a flash swap takes tokens from the one where they are
// cheap, sells them to the other, and pays the first one back out of what it gets.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IFlashSwapReceiver, Pool} from "./Pool.sol";

contract FlashArbitrage is IFlashSwapReceiver {
    using SafeERC20 for IERC20;

    /// @dev Of the call that is under way; transient, so that nobody else can make this contract pay.
    address private transient _lender;

    event Evened(address indexed caller, Pool cheap, Pool dear, uint256 amount, uint256 profit);

    error DifferentTokens();
    error TooLittleProfit(uint256 profit, uint256 minimum);
    error Unprofitable(uint256 earned, uint256 owed);
    error UnexpectedCall();

    /// @notice Borrows `amount` of token 0 from `cheap` and sells it to `dear`; what remains of token 1 is the caller's.
    function even(Pool cheap, Pool dear, uint256 amount, uint256 minimumProfit) external returns (uint256 profit) {
        if (cheap.token0() != dear.token0() || cheap.token1() != dear.token1()) revert DifferentTokens();
        IERC20 token1 = IERC20(cheap.token1());
        _lender = address(cheap);
        cheap.swap(amount, 0, address(this), abi.encode(dear));
        _lender = address(0);
        profit = token1.balanceOf(address(this));
        if (profit < minimumProfit) revert TooLittleProfit(profit, minimumProfit);
        token1.safeTransfer(msg.sender, profit);
        emit Evened(msg.sender, cheap, dear, amount, profit);
    }

    function onFlashSwap(address initiator, uint256 amount0, uint256, bytes calldata data) external {
        if (msg.sender != _lender || initiator != address(this)) revert UnexpectedCall();
        Pool dear = abi.decode(data, (Pool));
        Pool cheap = Pool(msg.sender);
        (uint112 dear0, uint112 dear1, ) = dear.reserves();
        (uint112 cheap0, uint112 cheap1, ) = cheap.reserves();
        uint256 charged = amount0 * 997;
        uint256 earned = (charged * dear1) / (uint256(dear0) * 1000 + charged);
        IERC20(cheap.token0()).safeTransfer(address(dear), amount0);
        dear.swap(0, earned, address(this), "");
        uint256 owed = (uint256(cheap1) * amount0 * 1000) / ((uint256(cheap0) - amount0) * 997) + 1;
        if (earned < owed) revert Unprofitable(earned, owed);
        IERC20(cheap.token1()).safeTransfer(msg.sender, owed);
    }
}
