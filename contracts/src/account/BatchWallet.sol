// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// What an account points to with EIP-7702 so that it can do several things in one transaction of its own.

contract BatchWallet {
    struct Call {
        address to;
        uint256 value;
        bytes data;
    }

    event BatchDone(uint256 count);

    error OnlyOwner();
    error CallFailed(uint256 index);

    /// @dev Runs as the code of the account itself; nobody else may ask for it.
    function execute(Call[] calldata calls) external payable {
        if (msg.sender != address(this)) revert OnlyOwner();
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, ) = calls[i].to.call{value: calls[i].value}(calls[i].data);
            if (!ok) revert CallFailed(i);
        }
        emit BatchDone(calls.length);
    }

    /// @dev Ether that is sent to the account still arrives.
    receive() external payable {}
}
