// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Storage of every kind.

type Shares is uint128;

enum Phase {
    Open,
    Closed
}

struct Position {
    uint128 size;
    uint64 since;
    address owner;
    mapping(bytes32 tag => uint256) marks;
    uint256[] history;
}

interface IThing {}

/// @custom:storage-location erc7201:layouts.main
struct MainStorage {
    uint256 total;
    mapping(address account => uint256) balances;
}

contract Base {
    uint256 private constant ONE = 1;
    bytes32 internal constant CHOSEN = keccak256("layouts.chosen");
    address public immutable maker;
    uint256 internal base;
    bool internal paused;

    constructor() {
        maker = msg.sender;
    }
}

library Sums {
    function add(uint256[4] storage parts, uint256 value) external {
        parts[value % 4] += value;
    }
}

contract Layouts is Base {
    using Sums for uint256[4];

    uint64 internal small;
    Phase internal phase;
    IThing internal thing;
    Shares internal shares;
    mapping(address owner => mapping(address spender => uint256)) internal allowances;
    mapping(string name => uint256) internal byName;
    mapping(int8 tick => bool) internal ticks;
    Position internal single;
    mapping(uint256 id => Position) internal positions;
    uint16[20] internal table;
    uint32[] internal packed;
    Position[] internal list;
    uint256[3][] internal rows;
    string internal title;
    uint256[4] internal parts;
    function(uint256) external internal callback;

    function grow(uint256 value) external {
        parts.add(value);
        small += uint64(value);
    }
}
