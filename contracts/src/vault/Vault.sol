// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// An ERC-4626 vault on OpenZeppelin's: the price of a share is what the vault holds by how many shares there are.

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Profit that is reported becomes the shareholders' over the next six hours, so that nobody gains by coming just before it.
/// @dev What serialises: `_totalSupply` and, in the asset, `balanceOf[vault]`. Both are read for the price and written by every
///      deposit and withdrawal, so all users of a vault are one line.
contract Vault is ERC4626, AccessControl {
    using SafeERC20 for IERC20;

    bytes32 public constant REPORTER_ROLE = keccak256("REPORTER_ROLE");
    uint256 public constant RELEASE_TIME = 6 hours;

    uint192 private _lockedProfit;
    uint64 private _lockedSince;

    event ProfitReported(uint256 profit);

    error ProfitTooLarge(uint256 profit);

    constructor(
        IERC20 token,
        string memory shareName,
        string memory shareSymbol
    ) ERC20(shareName, shareSymbol) ERC4626(token) {
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
        _grantRole(REPORTER_ROLE, msg.sender);
    }

    /// @notice Brings in `profit` of the reporter's tokens.
    function report(uint256 profit) external onlyRole(REPORTER_ROLE) {
        if (profit > type(uint128).max) revert ProfitTooLarge(profit);
        // At most 2^64 reports of 2^128 fit.
        _lockedProfit = uint192(lockedProfit() + profit);
        _lockedSince = uint64(block.timestamp);
        emit ProfitReported(profit);
        IERC20(asset()).safeTransferFrom(msg.sender, address(this), profit);
    }

    /// @notice Profit that no share has a claim to yet. Rounded up: what is released is never more than time allows.
    function lockedProfit() public view returns (uint256) {
        uint256 elapsed = block.timestamp - _lockedSince;
        if (elapsed >= RELEASE_TIME) return 0;
        return (uint256(_lockedProfit) * (RELEASE_TIME - elapsed) + RELEASE_TIME - 1) / RELEASE_TIME;
    }

    function totalAssets() public view override returns (uint256) {
        return super.totalAssets() - lockedProfit();
    }

    /// @dev Virtual shares: who gives the vault tokens before the first deposit loses a million times what the depositor does.
    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }
}
