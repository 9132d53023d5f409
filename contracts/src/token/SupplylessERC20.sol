// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// An ERC-20 that keeps no total of its own. OpenZeppelin's counts `_totalSupply` in every creation and destruction, and
// that one slot puts all of them in a line; here the contract that inherits says where the total comes from.

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

abstract contract SupplylessERC20 is IERC20Metadata, IERC20Errors {
    string public name;
    string public symbol;
    mapping(address owner => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    uint8 public constant decimals = 18;

    constructor(string memory tokenName, string memory tokenSymbol) {
        name = tokenName;
        symbol = tokenSymbol;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        if (spender == address(0)) revert ERC20InvalidSpender(spender);
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        _spendAllowance(from, msg.sender, value);
        _transfer(from, to, value);
        return true;
    }

    /// @dev An allowance of 2^256-1 is unlimited: it is read and never written.
    function _spendAllowance(address owner, address spender, uint256 value) internal {
        uint256 allowed = allowance[owner][spender];
        if (allowed == type(uint256).max) return;
        if (allowed < value) revert ERC20InsufficientAllowance(spender, allowed, value);
        unchecked {
            allowance[owner][spender] = allowed - value;
        }
    }

    function _transfer(address from, address to, uint256 value) internal {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        _debit(from, value);
        unchecked {
            // No overflow: who creates tokens keeps the sum of all balances below 2^256.
            balanceOf[to] += value;
        }
        emit Transfer(from, to, value);
    }

    /// @dev The total must be kept, and stay below 2^256, by the caller.
    function _create(address to, uint256 value) internal {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        unchecked {
            balanceOf[to] += value;
        }
        emit Transfer(address(0), to, value);
    }

    function _destroy(address from, uint256 value) internal {
        _debit(from, value);
        emit Transfer(from, address(0), value);
    }

    function _debit(address from, uint256 value) private {
        uint256 balance = balanceOf[from];
        if (balance < value) revert ERC20InsufficientBalance(from, balance, value);
        unchecked {
            balanceOf[from] = balance - value;
        }
    }
}
