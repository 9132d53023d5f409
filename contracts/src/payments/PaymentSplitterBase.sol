// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// What both splitters share: who is due which part.

import {IPaymentSplitter} from "./IPaymentSplitter.sol";

abstract contract PaymentSplitterBase is IPaymentSplitter {
    uint256 public totalParts;
    mapping(address payee => uint256) public partsOf;
    mapping(address payee => uint256) public released;

    constructor(address[] memory payees, uint256[] memory parts) {
        if (payees.length == 0 || payees.length != parts.length) revert PayeesAndParts();
        for (uint256 i = 0; i < payees.length; ++i) {
            if (payees[i] == address(0) || parts[i] == 0 || partsOf[payees[i]] != 0) revert InvalidPayee(payees[i], parts[i]);
            partsOf[payees[i]] = parts[i];
            totalParts += parts[i];
            emit PayeeAdded(payees[i], parts[i]);
        }
    }

    receive() external payable {
        _receive();
        emit Received(msg.sender, msg.value);
    }

    function release(address payee) external {
        uint256 value = due(payee);
        if (value == 0) revert NothingDue(payee);
        released[payee] += value;
        _release(value);
        emit Released(payee, value);
        (bool accepted, ) = payee.call{value: value}("");
        if (!accepted) revert EtherNotAccepted(payee);
    }

    function due(address payee) public view returns (uint256) {
        return (totalReceived() * partsOf[payee]) / totalParts - released[payee];
    }

    function totalReceived() public view virtual returns (uint256);

    function _receive() internal virtual;

    function _release(uint256 value) internal virtual;
}
