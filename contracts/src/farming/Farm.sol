// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The farm that keeps one index of rewards for each staked token, brought up to date in every call.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IFarm} from "./IFarm.sol";

/// @dev What serialises: `_index`, `_updatedBlock` and `totalStaked`, which every stake, unstake and harvest reads and writes, and
///      `balanceOf[farm]` in both tokens. Rewards of blocks in which nobody stakes are kept for later ones.
contract Farm is IFarm, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Math for uint256;

    uint256 private constant ONE = 1e27;

    struct Account {
        uint256 staked;
        uint256 owed;
        /// The index when `owed` was last brought up to date.
        uint256 index;
    }

    IERC20 public immutable stakeToken;
    IERC20 public immutable rewardToken;
    uint256 public immutable rewardPerBlock;
    uint256 public totalStaked;
    uint256 private _rewardsLeft;
    /// @dev Rewards for 10^27 staked since the beginning.
    uint256 private _index;
    uint256 private _updatedBlock;
    mapping(address account => Account) private _accounts;

    constructor(IERC20 staked, IERC20 reward, uint256 perBlock) {
        stakeToken = staked;
        rewardToken = reward;
        rewardPerBlock = perBlock;
        _updatedBlock = block.number;
    }

    function fund(uint256 amount) external nonReentrant {
        _update(msg.sender);
        _rewardsLeft += amount;
        emit Funded(msg.sender, amount);
        rewardToken.safeTransferFrom(msg.sender, address(this), amount);
    }

    function stake(uint256 amount) external nonReentrant {
        if (amount == 0) revert NothingToDo();
        Account storage account = _update(msg.sender);
        account.staked += amount;
        totalStaked += amount;
        emit Staked(msg.sender, amount);
        stakeToken.safeTransferFrom(msg.sender, address(this), amount);
    }

    function unstake(uint256 amount) external nonReentrant {
        if (amount == 0) revert NothingToDo();
        Account storage account = _update(msg.sender);
        if (amount > account.staked) revert InsufficientStake(msg.sender, account.staked, amount);
        account.staked -= amount;
        totalStaked -= amount;
        emit Unstaked(msg.sender, amount);
        stakeToken.safeTransfer(msg.sender, amount);
    }

    function harvest() external nonReentrant returns (uint256 amount) {
        Account storage account = _update(msg.sender);
        amount = account.owed;
        account.owed = 0;
        emit Harvested(msg.sender, amount);
        rewardToken.safeTransfer(msg.sender, amount);
    }

    function stakedOf(address account) external view returns (uint256) {
        return _accounts[account].staked;
    }

    function earned(address account) external view returns (uint256) {
        (uint256 index, ) = _current();
        Account storage found = _accounts[account];
        return found.owed + found.staked.mulDiv(index - found.index, ONE);
    }

    /// @notice What nobody has earned yet.
    function rewardsLeft() external view returns (uint256) {
        (, uint256 given) = _current();
        return _rewardsLeft - given;
    }

    /// @dev The index as of this block, and what that gives away.
    function _current() private view returns (uint256 index, uint256 given) {
        if (totalStaked == 0) return (_index, 0);
        given = Math.min((block.number - _updatedBlock) * rewardPerBlock, _rewardsLeft);
        index = _index + given.mulDiv(ONE, totalStaked);
    }

    function _update(address account) private returns (Account storage updated) {
        (uint256 index, uint256 given) = _current();
        _rewardsLeft -= given;
        _index = index;
        _updatedBlock = block.number;
        updated = _accounts[account];
        updated.owed += updated.staked.mulDiv(index - updated.index, ONE);
        updated.index = index;
    }
}
