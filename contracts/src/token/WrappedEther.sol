// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Ether as an ERC-20, with OpenZeppelin's count of the supply.

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IWrappedEther} from "./IWrappedEther.sol";

/// @dev Every deposit and withdrawal reads and writes `_totalSupply`: all of them are one line. SupplylessWrappedEther is not.
contract WrappedEther is ERC20("Wrapped Ether", "WETH"), IWrappedEther {
    receive() external payable {
        deposit();
    }

    function deposit() public payable {
        _mint(msg.sender, msg.value);
        emit Deposit(msg.sender, msg.value);
    }

    function withdraw(uint256 value) external {
        _burn(msg.sender, value);
        emit Withdrawal(msg.sender, value);
        (bool accepted, ) = msg.sender.call{value: value}("");
        if (!accepted) revert EtherNotAccepted();
    }
}
