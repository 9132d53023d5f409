// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// For tests: takes a flash swap and pays back what it is told to, or tries something else first.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IFlashSwapReceiver, Pool} from "../amm/Pool.sol";

contract FlashSwapReceiver is IFlashSwapReceiver {
    uint256 public received0;
    uint256 public received1;

    /// @param data The token and amount to pay back, and whether to call the pool again before.
    function onFlashSwap(address, uint256 amount0, uint256 amount1, bytes calldata data) external {
        received0 = amount0;
        received1 = amount1;
        (IERC20 token, uint256 payback, bool reenter) = abi.decode(data, (IERC20, uint256, bool));
        if (reenter) Pool(msg.sender).sync();
        require(token.transfer(msg.sender, payback));
    }
}
