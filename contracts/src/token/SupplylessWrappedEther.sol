// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Ether as an ERC-20 whose supply is the ether it holds.

import {IWrappedEther} from "./IWrappedEther.sol";
import {SupplylessERC20} from "./SupplylessERC20.sol";

/// @dev No slot is common to two owners. What deposits share is the contract's ether, which the protocol adds to and takes
///      from without looking at it: an executor that treats balances as sums runs them side by side.
contract SupplylessWrappedEther is SupplylessERC20("Wrapped Ether", "WETH"), IWrappedEther {
    receive() external payable {
        deposit();
    }

    /// @dev More than was deposited when ether came in by force (a coinbase, a self-destruct): never less.
    function totalSupply() public view returns (uint256) {
        return address(this).balance;
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
