// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// An account that is a contract: one key signs for it, and it does several calls at once (ERC-7821).

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {ERC7821} from "@openzeppelin/contracts/account/extensions/draft-ERC7821.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {SignerECDSA} from "@openzeppelin/contracts/utils/cryptography/signers/SignerECDSA.sol";

contract SmartAccount is Account, SignerECDSA, ERC7821 {
    IEntryPoint private immutable _entryPoint;

    constructor(IEntryPoint trusted, address owner) SignerECDSA(owner) {
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

/// @title Deploys accounts at addresses that are known before
contract SmartAccountFactory {
    IEntryPoint public immutable entryPoint;

    event AccountCreated(address indexed account, address indexed owner);

    constructor(IEntryPoint trusted) {
        entryPoint = trusted;
    }

    /// @notice The account of `owner` with that salt, deployed when it is not there yet.
    function createAccount(address owner, bytes32 salt) external returns (address account) {
        account = addressOf(owner, salt);
        if (account.code.length > 0) return account;
        new SmartAccount{salt: salt}(entryPoint, owner);
        emit AccountCreated(account, owner);
    }

    function addressOf(address owner, bytes32 salt) public view returns (address) {
        bytes memory code = abi.encodePacked(type(SmartAccount).creationCode, abi.encode(entryPoint, owner));
        return Create2.computeAddress(salt, keccak256(code));
    }
}
