// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// An ERC-4626 vault over a farm that rewards in the token it takes: what is earned is staked again.

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IFarm} from "./IFarm.sol";

/// @dev For Farm, whose rewards come block by block: with rewards by epochs, who enters just before one closes would take from the others.
///      What serialises: everything that serialises Farm and Vault.
contract Compounder is ERC4626 {
    using SafeERC20 for IERC20;

    /// @notice The part of what is compounded that the caller gets for calling, in ten thousandths.
    uint256 public constant BOUNTY = 50;

    IFarm public immutable farm;

    event Compounded(address indexed caller, uint256 amount, uint256 bounty);

    error DifferentTokens();

    constructor(IFarm source) ERC20("Braid Compounder", "COMP") ERC4626(source.stakeToken()) {
        if (address(source.stakeToken()) != address(source.rewardToken())) revert DifferentTokens();
        farm = source;
        source.stakeToken().forceApprove(address(source), type(uint256).max);
    }

    /// @notice Harvests and stakes again. Anybody may call it.
    function compound() external returns (uint256 bounty) {
        uint256 amount = farm.harvest();
        bounty = (amount * BOUNTY) / 10_000;
        emit Compounded(msg.sender, amount, bounty);
        if (amount > bounty) farm.stake(amount - bounty);
        IERC20(asset()).safeTransfer(msg.sender, bounty);
    }

    /// @dev What is earned counts, less the bounty that compounding it will cost.
    function totalAssets() public view override returns (uint256) {
        uint256 earned = farm.earned(address(this));
        return farm.stakedOf(address(this)) + earned - (earned * BOUNTY) / 10_000;
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        super._deposit(caller, receiver, assets, shares);
        if (assets > 0) farm.stake(assets);
    }

    function _withdraw(
        address caller,
        address receiver,
        address owner,
        uint256 assets,
        uint256 shares
    ) internal override {
        uint256 staked = farm.stakedOf(address(this));
        // A large withdrawal may need what is earned and not staked yet.
        if (assets > staked) farm.harvest();
        uint256 idle = IERC20(asset()).balanceOf(address(this));
        if (assets > idle) farm.unstake(assets - idle);
        super._withdraw(caller, receiver, owner, assets, shares);
        uint256 rest = IERC20(asset()).balanceOf(address(this));
        if (rest > 0) farm.stake(rest);
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }
}
