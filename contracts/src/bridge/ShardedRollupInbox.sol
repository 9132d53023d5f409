// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The inbox with 16 queues of messages, proofs checked by whoever has one, and a flag for each withdrawal.

import {Groth16Verifier} from "./Groth16Verifier.sol";
import {RollupInboxBase} from "./RollupInboxBase.sol";

/// @notice Same interface, and two calls more: `prove`, which checks a proof ahead of the batch, and `seal`, which fixes what the lanes hold
///         for the next batches to take in. Messages of one sender keep their order; those of different senders have none.
/// @dev Senders meet only where they share one of 16 lanes. Proofs are checked side by side: `prove` writes one flag, and `postBatch` reads
///      it. Withdrawals share nothing but the contract's ether.
contract ShardedRollupInbox is RollupInboxBase {
    uint256 public constant LANES = 16;

    struct Lane {
        uint256 count;
        bytes32 chain;
    }

    Lane[LANES] public lanes;
    mapping(bytes32 messages => bool) private _sealed;
    mapping(bytes32 batch => bool) public proven;
    mapping(uint256 batch => mapping(uint256 index => bool)) private _paid;

    event MessagesSealed(bytes32 indexed messages);
    event BatchProven(bytes32 indexed batchHash, address indexed prover);

    constructor(Groth16Verifier proofs, bytes32 firstRoot) RollupInboxBase(proofs, firstRoot) {
        seal();
    }

    /// @notice Checks a proof of a batch, which may be posted later, or never.
    function prove(Batch calldata batch, Groth16Verifier.Proof calldata proof) external {
        bytes32 hash = batchHash(batch);
        if (!_isProof(batch, proof)) revert InvalidProof(hash);
        proven[hash] = true;
        emit BatchProven(hash, msg.sender);
    }

    /// @notice Lets batches take in the messages so far. The one call that reads all lanes.
    function seal() public returns (bytes32 messages) {
        messages = messagesHash();
        _sealed[messages] = true;
        emit MessagesSealed(messages);
    }

    function messageCount() external view returns (uint256 count) {
        for (uint256 i = 0; i < LANES; ++i) count += lanes[i].count;
    }

    function messagesHash() public view override returns (bytes32) {
        bytes32[LANES] memory chains;
        for (uint256 i = 0; i < LANES; ++i) chains[i] = lanes[i].chain;
        return keccak256(abi.encode(chains));
    }

    function isPaid(uint256 batch, uint256 index) public view override returns (bool) {
        return _paid[batch][index];
    }

    /// @return nonce In the sender's lane, with the lane in the lowest digits.
    function _record(bytes32 message) internal override returns (uint256 nonce) {
        uint256 number = uint160(msg.sender) % LANES;
        Lane storage lane = lanes[number];
        nonce = lane.count++ * LANES + number;
        lane.chain = keccak256(abi.encode(lane.chain, message));
    }

    function _wasMessagesHash(bytes32 messages) internal view override returns (bool) {
        return _sealed[messages];
    }

    /// @dev Who has not proven it ahead may bring the proof along.
    function _requireProven(Batch calldata batch, Groth16Verifier.Proof calldata proof) internal view override {
        bytes32 hash = batchHash(batch);
        if (!proven[hash] && !_isProof(batch, proof)) revert InvalidProof(hash);
    }

    function _markPaid(uint256 batch, uint256 index) internal override {
        _paid[batch][index] = true;
    }
}
