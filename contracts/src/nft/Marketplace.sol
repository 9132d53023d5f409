// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The market that numbers and counts its listings and keeps its fees.

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {MarketplaceBase} from "./MarketplaceBase.sol";

/// @dev What serialises: `listingCount`, all who list; `openListings`, all who list, unlist or buy; `fees`, all who buy.
contract Marketplace is MarketplaceBase {
    uint256 public listingCount;
    uint256 public openListings;
    uint256 public fees;

    event FeesCollected(address indexed to, uint256 amount);

    function collectFees(address to) external onlyOwner nonReentrant {
        uint256 amount = fees;
        fees = 0;
        emit FeesCollected(to, amount);
        _send(to, amount);
    }

    function _newId(IERC721, uint256) internal override returns (bytes32) {
        ++openListings;
        return bytes32(++listingCount);
    }

    function _closed() internal override {
        --openListings;
    }

    function _keepFee(uint256 fee) internal override {
        fees += fee;
    }
}
