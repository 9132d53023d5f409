// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// What both airdrops share: the list, the deadline, and that each part is paid once.

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IAirdrop} from "./IAirdrop.sol";

abstract contract AirdropBase is IAirdrop, Ownable {
    IERC20 public immutable token;
    bytes32 public immutable root;
    uint256 public immutable deadline;

    constructor(IERC20 dropped, bytes32 listRoot, uint256 openUntil) Ownable(msg.sender) {
        token = dropped;
        root = listRoot;
        deadline = openUntil;
    }

    function fund(uint256 amount) external {
        emit Funded(msg.sender, amount);
        _fund(amount);
    }

    function claim(uint256 index, address account, uint256 amount, bytes32[] calldata proof) external {
        if (block.timestamp > deadline) revert Closed(deadline);
        if (isClaimed(index)) revert AlreadyClaimed(index);
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(index, account, amount))));
        if (!MerkleProof.verifyCalldata(proof, root, leaf)) revert NotInList(index, account, amount);
        _markClaimed(index, account, amount);
        emit Claimed(index, account, amount);
        _payOut(account, amount);
    }

    function sweep(address to) external onlyOwner {
        if (block.timestamp <= deadline) revert StillOpen(deadline);
        emit Swept(to, _sweep(to));
    }

    function isClaimed(uint256 index) public view virtual returns (bool);

    function _markClaimed(uint256 index, address account, uint256 amount) internal virtual;

    function _fund(uint256 amount) internal virtual;

    function _payOut(address account, uint256 amount) internal virtual;

    function _sweep(address to) internal virtual returns (uint256 amount);
}
