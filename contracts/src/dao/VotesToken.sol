// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The token whose holders decide: each delegates the votes of its balance, to itself or to somebody else.

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @dev What serialises: `_delegateCheckpoints[delegate]`. All whose votes lie with the same delegate write it when they transfer, so a
///      popular delegate makes transfers of unrelated holders one line. Holders who delegate to themselves share nothing.
contract VotesToken is ERC20, ERC20Permit, ERC20Votes {
    constructor(
        address[] memory holders,
        uint256 value
    ) ERC20("Braid Votes", "VOTE") ERC20Permit("Braid Votes") {
        for (uint256 i = 0; i < holders.length; ++i) _mint(holders[i], value);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }
}
