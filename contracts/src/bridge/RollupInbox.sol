// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The inbox with one queue of messages, proofs checked where batches are posted, and a bitmap of withdrawals.

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Groth16Verifier} from "./Groth16Verifier.sol";
import {RollupInboxBase} from "./RollupInboxBase.sol";

/// @dev What serialises: `messageCount` and `_chain`, all messages; a word of `_paid`, 256 withdrawals that are neighbours; and a proof
///      holds up the batch after it for as long as it takes to check.
contract RollupInbox is RollupInboxBase {
    using BitMaps for BitMaps.BitMap;

    uint256 public messageCount;
    /// @dev Each message's hash is chained to the one before it.
    bytes32 private _chain;
    mapping(bytes32 messages => bool) private _known;
    mapping(uint256 batch => BitMaps.BitMap) private _paid;

    constructor(Groth16Verifier proofs, bytes32 firstRoot) RollupInboxBase(proofs, firstRoot) {
        _known[0] = true;
    }

    function messagesHash() public view override returns (bytes32) {
        return _chain;
    }

    function isPaid(uint256 batch, uint256 index) public view override returns (bool) {
        return _paid[batch].get(index);
    }

    function _record(bytes32 message) internal override returns (uint256 nonce) {
        nonce = messageCount++;
        _chain = keccak256(abi.encode(_chain, message));
        _known[_chain] = true;
    }

    function _wasMessagesHash(bytes32 messages) internal view override returns (bool) {
        return _known[messages];
    }

    function _requireProven(Batch calldata batch, Groth16Verifier.Proof calldata proof) internal view override {
        if (!_isProof(batch, proof)) revert InvalidProof(batchHash(batch));
    }

    function _markPaid(uint256 batch, uint256 index) internal override {
        _paid[batch].set(index);
    }
}
