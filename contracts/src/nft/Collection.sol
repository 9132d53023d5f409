// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The collection that numbers its tokens from 1 and lists them all.

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Enumerable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Enumerable.sol";
import {CollectionBase} from "./CollectionBase.sol";

/// @dev What serialises: `minted` and the length of `_allTokens`, all who mint. Transfers of different owners share nothing.
contract Collection is CollectionBase, ERC721Enumerable {
    uint256 public minted;

    constructor(
        string memory collectionName,
        string memory collectionSymbol,
        uint256 most,
        uint256 each
    ) CollectionBase(collectionName, collectionSymbol, most, each) {}

    function supportsInterface(bytes4 id) public view override(CollectionBase, ERC721Enumerable) returns (bool) {
        return super.supportsInterface(id);
    }

    function _takeIds(uint256 quantity) internal override returns (uint256 firstId) {
        if (minted + quantity > mostTokens) revert SoldOut(mostTokens - minted);
        firstId = minted + 1;
        minted += quantity;
    }

    function _update(
        address to,
        uint256 tokenId,
        address auth
    ) internal override(ERC721, ERC721Enumerable) returns (address) {
        return super._update(to, tokenId, auth);
    }

    function _increaseBalance(address account, uint128 value) internal override(ERC721, ERC721Enumerable) {
        super._increaseBalance(account, value);
    }
}
