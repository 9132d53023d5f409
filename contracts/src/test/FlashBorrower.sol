// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// For tests: borrows for the length of a call and pays back, or misbehaves.

import {IERC3156FlashBorrower} from "@openzeppelin/contracts/interfaces/IERC3156FlashBorrower.sol";
import {IERC3156FlashLender} from "@openzeppelin/contracts/interfaces/IERC3156FlashLender.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ILendingMarket} from "../lending/ILendingMarket.sol";

contract FlashBorrower is IERC3156FlashBorrower {
    enum Behaviour {
        PayBack,
        PayLess,
        AnswerWrongly,
        CallAgain
    }

    uint256 public seen;

    function onFlashLoan(
        address,
        address token,
        uint256 amount,
        uint256 fee,
        bytes calldata data
    ) external returns (bytes32) {
        seen = IERC20(token).balanceOf(address(this));
        Behaviour behaviour = abi.decode(data, (Behaviour));
        uint256 allowed = behaviour == Behaviour.PayLess ? amount + fee - 1 : amount + fee;
        IERC20(token).approve(msg.sender, allowed);
        if (behaviour == Behaviour.CallAgain) ILendingMarket(msg.sender).supply(amount);
        return behaviour == Behaviour.AnswerWrongly ? bytes32(0) : keccak256("ERC3156FlashBorrower.onFlashLoan");
    }

    function borrow(IERC3156FlashLender lender, address token, uint256 amount, Behaviour behaviour) external {
        lender.flashLoan(this, token, amount, abi.encode(behaviour));
    }
}
