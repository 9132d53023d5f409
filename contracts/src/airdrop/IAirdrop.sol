// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Hands out tokens to a list of accounts of which only the Merkle root is on the chain.
/// @dev A leaf is keccak256(keccak256(abi.encode(index, account, amount))); hashed twice, so that no inner node is one. The tree
///      hashes pairs in order of size, as OpenZeppelin's MerkleProof does.
interface IAirdrop {
    event Funded(address indexed from, uint256 amount);
    event Claimed(uint256 indexed index, address indexed account, uint256 amount);
    event Swept(address indexed to, uint256 amount);

    error AlreadyClaimed(uint256 index);
    error NotInList(uint256 index, address account, uint256 amount);
    error Closed(uint256 since);
    error StillOpen(uint256 until);

    function token() external view returns (IERC20);

    function root() external view returns (bytes32);

    /// @notice Until when claims are paid.
    function deadline() external view returns (uint256);

    /// @notice Adds tokens of the caller's to what can be claimed.
    function fund(uint256 amount) external;

    /// @notice Pays `account` its part. Anybody may ask for it.
    function claim(uint256 index, address account, uint256 amount, bytes32[] calldata proof) external;

    function isClaimed(uint256 index) external view returns (bool);

    /// @notice Gives the owner what nobody claimed in time.
    function sweep(address to) external;
}
