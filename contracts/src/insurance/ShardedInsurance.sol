// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Insurance with 16 pools, and claims that are settled when they are decided.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ShardedCustody} from "../parallel/ShardedCustody.sol";
import {InsuranceBase} from "./InsuranceBase.sol";

/// @dev Policies of different pools share nothing, and no claim waits for another. What it costs: a pool covers no more than its own
///      capital, while others may have some to spare.
contract ShardedInsurance is InsuranceBase, ShardedCustody {
    mapping(address holder => uint256) public policyCountOf;

    constructor(IERC20 currency) InsuranceBase(currency) {}

    /// @dev One pool for each holder of tokens.
    function poolOf(address underwriter) public pure override returns (uint256) {
        return uint160(underwriter) % HOLDERS;
    }

    function _newId(address holder) internal override returns (bytes32) {
        return keccak256(abi.encode(holder, ++policyCountOf[holder]));
    }

    function _filed(bytes32) internal override {}

    function _takeTurn(bytes32) internal override {}

    function _pull(uint256 pool, uint256 amount) internal override {
        _take(token, msg.sender, _accountOf(pool), amount);
    }

    function _push(uint256 pool, address to, uint256 amount) internal override {
        _pay(token, _accountOf(pool), to, amount);
    }

    /// @dev An account whose tokens lie with the pool's holder.
    function _accountOf(uint256 pool) private pure returns (address) {
        return address(uint160(pool));
    }
}
