// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// What an ordinary account points to with EIP-7702 to become a smart one without moving: its own key signs operations for the entry
// point, and it does several calls at once.

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {ERC7821} from "@openzeppelin/contracts/account/extensions/draft-ERC7821.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {SignerEIP7702} from "@openzeppelin/contracts/utils/cryptography/signers/SignerEIP7702.sol";

/// @dev Keeps nothing in storage: whatever the account points to later finds it clean.
contract DelegatedAccount is Account, SignerEIP7702, ERC7821 {
    IEntryPoint private immutable _entryPoint;

    constructor(IEntryPoint trusted) {
        _entryPoint = trusted;
    }

    function entryPoint() public view override returns (IEntryPoint) {
        return _entryPoint;
    }

    function _erc7821AuthorizedExecutor(
        address caller,
        bytes32 mode,
        bytes calldata executionData
    ) internal view override returns (bool) {
        return caller == address(_entryPoint) || super._erc7821AuthorizedExecutor(caller, mode, executionData);
    }
}
