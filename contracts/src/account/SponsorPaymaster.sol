// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Pays for the operations that a sponsor has signed for.

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {PaymasterSigner} from "@openzeppelin/contracts/account/paymaster/extensions/PaymasterSigner.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignerECDSA} from "@openzeppelin/contracts/utils/cryptography/signers/SignerECDSA.sol";

/// @dev Its deposit in the entry point is one slot that all its operations write.
contract SponsorPaymaster is PaymasterSigner, SignerECDSA, Ownable {
    IEntryPoint private immutable _entryPoint;

    constructor(
        IEntryPoint trusted,
        address sponsor,
        address owner
    ) EIP712("Braid Paymaster", "1") SignerECDSA(sponsor) Ownable(owner) {
        _entryPoint = trusted;
    }

    function entryPoint() public view override returns (IEntryPoint) {
        return _entryPoint;
    }

    function deposit() external payable {
        _deposit(msg.value);
    }

    function withdraw(address payable to, uint256 value) external onlyOwner {
        _withdraw(to, value);
    }
}

/// @title Eight paymasters of one sponsor: operations of different accounts draw on different deposits
/// @dev Operations meet only where their accounts share a paymaster.
contract PaymasterFleet {
    uint256 public constant SIZE = 8;

    SponsorPaymaster[SIZE] public paymasters;

    constructor(IEntryPoint trusted, address sponsor, address owner) {
        for (uint256 i = 0; i < SIZE; ++i) paymasters[i] = new SponsorPaymaster(trusted, sponsor, owner);
    }

    /// @notice Who pays for `sender`.
    function paymasterFor(address sender) external view returns (SponsorPaymaster) {
        return paymasters[uint160(sender) % SIZE];
    }

    /// @notice Deposits an eighth for each.
    function deposit() external payable {
        uint256 part = msg.value / SIZE;
        for (uint256 i = 1; i < SIZE; ++i) paymasters[i].deposit{value: part}();
        paymasters[0].deposit{value: msg.value - part * (SIZE - 1)}();
    }
}
