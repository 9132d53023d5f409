// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The chain's side of a rollup: messages go in, batches with proofs of a new state come back, and what was withdrawn there is paid here.

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Groth16Verifier} from "./Groth16Verifier.sol";

/// @notice A batch takes the rollup from one state root to the next. Its proof has one public input: the hash of both roots, of the root of
///         the withdrawals, of the batch's data, and of the messages that it has taken in.
/// @dev `stateRoot` and `batches` make batches of one rollup a line, which is what they are. Users meet elsewhere: see the two contracts
///      that inherit.
abstract contract RollupInboxBase is AccessControl, ReentrancyGuardTransient {
    bytes32 public constant SEQUENCER_ROLE = keccak256("SEQUENCER_ROLE");

    struct Batch {
        bytes32 previousRoot;
        bytes32 newRoot;
        /// Root of the tree of (index, receiver, amount); zero when nothing was withdrawn.
        bytes32 withdrawals;
        /// Of the data that anybody can make the state from.
        bytes32 dataHash;
        /// What the batch has taken in, as `messagesHash` gave it.
        bytes32 messages;
    }

    Groth16Verifier public immutable verifier;
    bytes32 public stateRoot;
    /// @notice The withdrawals' root of each batch.
    bytes32[] public batches;

    event MessageSent(address indexed sender, address indexed target, uint256 value, uint256 nonce, bytes data);
    event BatchPosted(uint256 indexed number, bytes32 indexed newRoot, bytes32 withdrawals, bytes32 dataHash);
    event WithdrawalPaid(uint256 indexed batch, uint256 indexed index, address indexed receiver, uint256 amount);

    error WrongPreviousRoot(bytes32 given, bytes32 current);
    error UnknownMessages(bytes32 messages);
    error InvalidProof(bytes32 batchHash);
    error UnknownBatch(uint256 number);
    error AlreadyPaid(uint256 batch, uint256 index);
    error NotWithdrawn(uint256 batch, uint256 index);
    error EtherNotAccepted(address receiver);

    constructor(Groth16Verifier proofs, bytes32 firstRoot) {
        verifier = proofs;
        stateRoot = firstRoot;
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
        _grantRole(SEQUENCER_ROLE, msg.sender);
    }

    /// @notice Sends ether and data to `target` on the rollup.
    function sendMessage(address target, bytes calldata data) external payable returns (uint256 nonce) {
        nonce = _record(keccak256(abi.encode(msg.sender, target, msg.value, keccak256(data))));
        emit MessageSent(msg.sender, target, msg.value, nonce, data);
    }

    /// @notice Moves the rollup to a new state.
    function postBatch(
        Batch calldata batch,
        Groth16Verifier.Proof calldata proof
    ) external onlyRole(SEQUENCER_ROLE) returns (uint256 number) {
        if (batch.previousRoot != stateRoot) revert WrongPreviousRoot(batch.previousRoot, stateRoot);
        if (!_wasMessagesHash(batch.messages)) revert UnknownMessages(batch.messages);
        _requireProven(batch, proof);
        stateRoot = batch.newRoot;
        number = batches.length;
        batches.push(batch.withdrawals);
        emit BatchPosted(number, batch.newRoot, batch.withdrawals, batch.dataHash);
    }

    /// @notice Pays what `receiver` has withdrawn on the rollup in a batch. Anybody may ask for it.
    /// @dev A leaf is keccak256(keccak256(abi.encode(index, receiver, amount))): hashed twice, so that no inner node is one.
    function withdraw(
        uint256 batch,
        uint256 index,
        address payable receiver,
        uint256 amount,
        bytes32[] calldata proof
    ) external nonReentrant {
        if (batch >= batches.length) revert UnknownBatch(batch);
        if (isPaid(batch, index)) revert AlreadyPaid(batch, index);
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(index, receiver, amount))));
        if (!MerkleProof.verifyCalldata(proof, batches[batch], leaf)) revert NotWithdrawn(batch, index);
        _markPaid(batch, index);
        emit WithdrawalPaid(batch, index, receiver, amount);
        (bool accepted, ) = receiver.call{value: amount}("");
        if (!accepted) revert EtherNotAccepted(receiver);
    }

    /// @notice The public input of a batch's proof.
    function batchHash(Batch calldata batch) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), batch));
    }

    /// @notice Stands for all messages so far.
    function messagesHash() public view virtual returns (bytes32);

    function isPaid(uint256 batch, uint256 index) public view virtual returns (bool);

    function _record(bytes32 message) internal virtual returns (uint256 nonce);

    /// @dev Whether `messagesHash` has ever given this: messages that came in the meantime belong to a later batch.
    function _wasMessagesHash(bytes32 messages) internal view virtual returns (bool);

    function _requireProven(Batch calldata batch, Groth16Verifier.Proof calldata proof) internal virtual;

    function _markPaid(uint256 batch, uint256 index) internal virtual;

    function _isProof(Batch calldata batch, Groth16Verifier.Proof calldata proof) internal view returns (bool) {
        uint256[] memory inputs = new uint256[](1);
        inputs[0] = uint256(batchHash(batch)) % verifier.SCALARS();
        return verifier.verify(proof, inputs);
    }
}
