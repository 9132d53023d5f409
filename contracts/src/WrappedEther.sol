// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Ether as an ERC-20: deposits and withdrawals move the balance of one contract that everybody shares.

import {TokenBase} from "./TokenBase.sol";

contract WrappedEther is TokenBase {
    event Deposit(address indexed owner, uint256 value);
    event Withdrawal(address indexed owner, uint256 value);

    error EtherNotAccepted();

    constructor() TokenBase("Wrapped Ether", "WETH") {}

    receive() external payable {
        deposit();
    }

    function deposit() public payable {
        _create(msg.sender, msg.value);
        emit Deposit(msg.sender, msg.value);
    }

    function withdraw(uint256 value) external {
        _destroy(msg.sender, value);
        emit Withdrawal(msg.sender, value);
        (bool accepted, ) = msg.sender.call{value: value}("");
        if (!accepted) revert EtherNotAccepted();
    }
}
