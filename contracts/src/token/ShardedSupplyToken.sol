// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Token for many issuers and burners at a time: the supply is a sum over shards, chosen by the account whose balance changes.

import {ShardedSum} from "../parallel/ShardedSum.sol";
import {SupplylessERC20} from "./SupplylessERC20.sol";

/// @dev Same interface as Token (without permits). `issue` and `burn` of accounts in different shards share no slot.
contract ShardedSupplyToken is SupplylessERC20 {
    using ShardedSum for ShardedSum.Sum;

    /// @dev Per holder and call. 2^64 calls of it fit into a word, so the sum needs no check against overflow, which would read
    ///      every shard.
    uint256 public constant MOST_AT_ONCE = type(uint192).max;

    address public immutable issuer;
    ShardedSum.Sum private _supply;

    error OnlyIssuer();
    error TooMuchAtOnce(uint256 value, uint256 most);

    constructor(string memory tokenName, string memory tokenSymbol) SupplylessERC20(tokenName, tokenSymbol) {
        issuer = msg.sender;
    }

    function totalSupply() public view returns (uint256) {
        return _supply.total();
    }

    function issue(address[] calldata holders, uint256 value) external {
        if (msg.sender != issuer) revert OnlyIssuer();
        if (value > MOST_AT_ONCE) revert TooMuchAtOnce(value, MOST_AT_ONCE);
        for (uint256 i = 0; i < holders.length; ++i) {
            _supply.add(holders[i], value);
            _create(holders[i], value);
        }
    }

    function transferToMany(address[] calldata receivers, uint256 value) external {
        for (uint256 i = 0; i < receivers.length; ++i) _transfer(msg.sender, receivers[i], value);
    }

    function burn(uint256 value) external {
        _destroy(msg.sender, value);
        _supply.sub(msg.sender, value);
    }
}
