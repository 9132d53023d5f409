// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Tokens kept at 16 addresses instead of one. A contract that takes tokens from everybody makes everybody write
// `balanceOf[contract]` in the token, whatever else it avoids; here accounts share that slot with one in sixteen others.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title A purse that obeys its creator
contract Holder {
    using SafeERC20 for IERC20;

    address public immutable owner;

    error OnlyOwner();

    constructor() {
        owner = msg.sender;
    }

    function send(IERC20 token, address to, uint256 value) external {
        if (msg.sender != owner) revert OnlyOwner();
        token.safeTransfer(to, value);
    }
}

abstract contract ShardedCustody {
    using SafeERC20 for IERC20;

    uint256 public constant HOLDERS = 16;

    Holder[HOLDERS] private _holders;

    error CustodyShort(IERC20 token, uint256 missing);

    constructor() {
        for (uint256 i = 0; i < HOLDERS; ++i) _holders[i] = new Holder();
    }

    /// @notice Where the tokens of `account` go first.
    function holderOf(address account) public view returns (Holder) {
        return _holders[uint160(account) % HOLDERS];
    }

    /// @notice What all holders have.
    function custody(IERC20 token) public view returns (uint256 total) {
        for (uint256 i = 0; i < HOLDERS; ++i) total += token.balanceOf(address(_holders[i]));
    }

    /// @dev Takes `value` of `from`, who has given this contract an allowance, into the holder of `account`.
    function _take(IERC20 token, address from, address account, uint256 value) internal {
        token.safeTransferFrom(from, address(holderOf(account)), value);
    }

    /// @dev Takes `value` of `from` in equal parts into all holders: for what no account owns yet. The last one gets the rest.
    function _takeSpread(IERC20 token, address from, uint256 value) internal {
        uint256 part = value / HOLDERS;
        for (uint256 i = 0; i < HOLDERS - 1; ++i) token.safeTransferFrom(from, address(_holders[i]), part);
        token.safeTransferFrom(from, address(_holders[HOLDERS - 1]), value - part * (HOLDERS - 1));
    }

    /// @dev Pays from the holder of `account`, and only when that one is short from the next ones.
    function _pay(IERC20 token, address account, address to, uint256 value) internal {
        uint256 first = uint160(account) % HOLDERS;
        for (uint256 i = 0; i < HOLDERS && value > 0; ++i) {
            Holder holder = _holders[(first + i) % HOLDERS];
            uint256 part = Math.min(value, token.balanceOf(address(holder)));
            if (part == 0) continue;
            value -= part;
            holder.send(token, to, part);
        }
        if (value > 0) revert CustodyShort(token, value);
    }
}
