// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// A pair that swaps deposits at a price, and the same with the price set at times and only read in between.

abstract contract Deposits {
    mapping(address account => uint256) public balance0;
    mapping(address account => uint256) public balance1;
    address public immutable owner = msg.sender;

    error OnlyOwner();
    error TooLittle();

    modifier onlyOwner() {
        if (msg.sender != owner) revert OnlyOwner();
        _;
    }

    function deposit(address account, uint256 amount) external onlyOwner {
        balance0[account] += amount;
    }

    function swap(uint256 amount) external {
        if (balance0[msg.sender] < amount) revert TooLittle();
        balance0[msg.sender] -= amount;
        balance1[msg.sender] += _out(amount);
        for (uint256 i = 0; i < 100; ++i) if (keccak256(abi.encode(i, msg.sender)) == bytes32(0)) revert();
    }

    function _out(uint256 amount) internal virtual returns (uint256);
}

contract Pair is Deposits {
    uint112 private _reserve0 = 1e21;
    uint112 private _reserve1 = 1e21;
    uint32 private _updatedAt;

    function _out(uint256 amount) internal override returns (uint256 out) {
        out = (_reserve1 * amount) / (_reserve0 + amount);
        _reserve0 += uint112(amount);
        _reserve1 -= uint112(out);
        _updatedAt = uint32(block.timestamp);
    }
}

contract PricedPair is Deposits {
    uint256 private _price = 2;

    function setPrice(uint256 price) external onlyOwner {
        _price = price;
    }

    function _out(uint256 amount) internal view override returns (uint256) {
        return amount * _price;
    }
}
