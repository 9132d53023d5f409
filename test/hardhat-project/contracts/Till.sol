// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

import { Token } from "./Token.sol";

/// Keeps ether until a time, and pays it out.
contract Till {
    event Paid(address indexed to, uint256 value, uint256 time);

    error TooEarly(uint256 now_, uint256 until);

    Token public immutable token;
    uint256 public immutable until;
    uint256 public total;

    constructor(Token token_, uint256 until_) payable {
        require(until_ > block.timestamp, "in the past");
        token = token_;
        until = until_;
        total = msg.value;
    }

    receive() external payable {
        total += msg.value;
    }

    function pay(address payable to, uint256 value) external {
        if (block.timestamp < until) revert TooEarly(block.timestamp, until);
        total -= value;
        (bool done,) = to.call{ value: value }("");
        require(done, "not taken");
        emit Paid(to, value, block.timestamp);
    }

    function context() external view returns (uint256, uint256, uint256, address, uint256) {
        return (block.number, block.timestamp, block.basefee, block.coinbase, block.prevrandao);
    }

    function spread(address[] calldata to, uint256 value) external {
        for (uint256 i = 0; i < to.length; i++) token.transfer(to[i], value);
    }
}
