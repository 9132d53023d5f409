// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A token with every way to fail that tests assert.
contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Note(bytes32 indexed topic, string text, uint256[] numbers);

    error InsufficientBalance(address account, uint256 balance, uint256 needed);
    error Forbidden();

    enum Phase {
        Open,
        Closed
    }

    string public constant name = "Token";
    address public immutable owner = msg.sender;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    Phase public phase;
    uint256[] private list;

    constructor(uint256 supply) {
        require(supply < 1e30, "too much");
        _mint(msg.sender, supply);
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert Forbidden();
        _;
    }

    function mint(address to, uint256 value) external onlyOwner {
        require(to != address(0), "no receiver");
        _mint(to, value);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        uint256 balance = balanceOf[msg.sender];
        if (balance < value) revert InsufficientBalance(msg.sender, balance, value);
        unchecked {
            balanceOf[msg.sender] = balance - value;
        }
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }

    function note(bytes32 topic, string calldata text, uint256[] calldata numbers) external {
        emit Note(topic, text, numbers);
    }

    function panic(uint256 how) external returns (uint256) {
        if (how == 0x01) assert(false);
        if (how == 0x11) return totalSupply - type(uint256).max;
        if (how == 0x12) return totalSupply / (how - 0x12);
        if (how == 0x21) phase = Phase(how);
        if (how == 0x31) list.pop();
        if (how == 0x32) return list[how];
        return how;
    }

    function silent() external pure {
        revert();
    }

    function deep(uint256 depth) external view returns (uint256) {
        if (depth == 0) revert InsufficientBalance(address(this), 1, 2);
        return this.deep(depth - 1);
    }

    function _mint(address to, uint256 value) private {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }
}
