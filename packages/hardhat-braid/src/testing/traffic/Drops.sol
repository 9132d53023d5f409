// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// An airdrop with a counter that everybody adds to, and the same with the counter in parts.

abstract contract Drop {
    mapping(address account => uint256) public claimed;

    error AlreadyClaimed(address account);

    function claim() external {
        if (claimed[msg.sender] != 0) revert AlreadyClaimed(msg.sender);
        claimed[msg.sender] = 5;
        for (uint256 i = 0; i < 100; ++i) _spend(i);
        _count(5);
    }

    function _count(uint256 amount) internal virtual;

    function _spend(uint256 i) private view {
        if (keccak256(abi.encode(i, msg.sender)) == bytes32(0)) revert();
    }
}

contract PlainDrop is Drop {
    uint256 public total;

    function _count(uint256 amount) internal override {
        total += amount;
    }
}

contract ShardedDrop is Drop {
    uint256[32] private _totals;

    function _count(uint256 amount) internal override {
        unchecked {
            _totals[uint160(msg.sender) % 32] += amount;
        }
    }
}

/// Ether that is kept for accounts.
contract Purse {
    mapping(address account => uint256) public balanceOf;
    uint256 public total;

    function put() external payable {
        balanceOf[msg.sender] += msg.value;
        total += msg.value;
    }

    function take() external {
        uint256 value = balanceOf[msg.sender];
        balanceOf[msg.sender] = 0;
        total -= value;
        (bool done,) = msg.sender.call{ value: value }("");
        require(done, "not taken");
    }
}
