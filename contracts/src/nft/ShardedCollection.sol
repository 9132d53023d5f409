// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The collection for a rush: tokens are numbered within 32 shards, and each shard has its part of them.

import {CollectionBase} from "./CollectionBase.sol";

/// @dev Who mints meets only those of the same shard. What it costs: no list of all tokens, numbers with gaps, and a shard can be sold
///      out while others are not.
contract ShardedCollection is CollectionBase {
    uint256 public constant SHARDS = 32;

    uint256[SHARDS] private _mintedIn;

    constructor(
        string memory collectionName,
        string memory collectionSymbol,
        uint256 most,
        uint256 each
    ) CollectionBase(collectionName, collectionSymbol, most, each) {}

    function minted() external view returns (uint256 total) {
        for (uint256 i = 0; i < SHARDS; ++i) total += _mintedIn[i];
    }

    /// @notice How many tokens the callers of a shard can mint in all; the first shards have one more when it does not divide.
    function quotaOf(uint256 shard) public view returns (uint256) {
        return mostTokens / SHARDS + (shard < mostTokens % SHARDS ? 1 : 0);
    }

    function _takeIds(uint256 quantity) internal override returns (uint256 firstId) {
        uint256 shard = uint160(msg.sender) % SHARDS;
        uint256 before = _mintedIn[shard];
        if (before + quantity > quotaOf(shard)) revert SoldOut(quotaOf(shard) - before);
        _mintedIn[shard] = before + quantity;
        firstId = (shard << 64) + before + 1;
    }
}
