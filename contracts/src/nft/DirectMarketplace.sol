// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The market that counts nothing: a listing is found by its token, and fees go to the owner at once.

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {MarketplaceBase} from "./MarketplaceBase.sol";

/// @dev Sales of different tokens share nothing but the owner's ether, which is only added to. The counts are in the events.
contract DirectMarketplace is MarketplaceBase {
    function idOf(IERC721 collection, uint256 tokenId) public pure returns (bytes32) {
        return keccak256(abi.encode(collection, tokenId));
    }

    /// @dev A new listing of a token takes the place of the last one.
    function _newId(IERC721 collection, uint256 tokenId) internal pure override returns (bytes32) {
        return idOf(collection, tokenId);
    }

    function _closed() internal override {}

    function _keepFee(uint256 fee) internal override {
        _send(owner(), fee);
    }
}
