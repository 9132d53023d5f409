// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Ether that accounts and paymasters leave with the entry point: deposits, which pay for operations, and stakes, which only prove that
// somebody is serious.

import {IEntryPointStake} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

abstract contract EntryPointDeposits is IEntryPointStake {
    using SafeCast for uint256;

    struct Stake {
        uint128 amount;
        uint32 unstakeDelay;
        /// Zero while the stake is locked.
        uint48 withdrawableAt;
    }

    mapping(address account => uint256) public balanceOf;
    mapping(address account => Stake) public stakes;

    event Deposited(address indexed account, uint256 totalDeposit);
    event Withdrawn(address indexed account, address to, uint256 amount);
    event StakeLocked(address indexed account, uint256 totalStaked, uint256 unstakeDelay);
    event StakeUnlocked(address indexed account, uint256 withdrawableAt);
    event StakeWithdrawn(address indexed account, address to, uint256 amount);

    error InsufficientDeposit(address account, uint256 deposit, uint256 wanted);
    error DelayTooShort(uint32 delay);
    error NothingStaked();
    error StakeLockedUntil(uint256 time);
    error EtherNotAccepted(address to);

    receive() external payable {
        depositTo(msg.sender);
    }

    function depositTo(address account) public payable {
        balanceOf[account] += msg.value;
        emit Deposited(account, balanceOf[account]);
    }

    function withdrawTo(address payable to, uint256 amount) external {
        uint256 deposit = balanceOf[msg.sender];
        if (deposit < amount) revert InsufficientDeposit(msg.sender, deposit, amount);
        balanceOf[msg.sender] = deposit - amount;
        emit Withdrawn(msg.sender, to, amount);
        _send(to, amount);
    }

    function addStake(uint32 unstakeDelay) external payable {
        Stake storage stake = stakes[msg.sender];
        if (unstakeDelay == 0 || unstakeDelay < stake.unstakeDelay) revert DelayTooShort(unstakeDelay);
        uint256 amount = stake.amount + msg.value;
        if (amount == 0) revert NothingStaked();
        stakes[msg.sender] = Stake(amount.toUint128(), unstakeDelay, 0);
        emit StakeLocked(msg.sender, amount, unstakeDelay);
    }

    function unlockStake() external {
        Stake storage stake = stakes[msg.sender];
        if (stake.amount == 0) revert NothingStaked();
        if (stake.withdrawableAt != 0) revert StakeLockedUntil(stake.withdrawableAt);
        stake.withdrawableAt = uint48(block.timestamp + stake.unstakeDelay);
        emit StakeUnlocked(msg.sender, stake.withdrawableAt);
    }

    function withdrawStake(address payable to) external {
        Stake memory stake = stakes[msg.sender];
        if (stake.amount == 0) revert NothingStaked();
        if (stake.withdrawableAt == 0 || stake.withdrawableAt > block.timestamp) revert StakeLockedUntil(stake.withdrawableAt);
        delete stakes[msg.sender];
        emit StakeWithdrawn(msg.sender, to, stake.amount);
        _send(to, stake.amount);
    }

    function _setAside(address account, uint256 amount) internal returns (bool) {
        uint256 deposit = balanceOf[account];
        if (deposit < amount) return false;
        balanceOf[account] = deposit - amount;
        return true;
    }

    function _giveBack(address account, uint256 amount) internal {
        balanceOf[account] += amount;
    }

    function _send(address payable to, uint256 amount) private {
        (bool accepted, ) = to.call{value: amount}("");
        if (!accepted) revert EtherNotAccepted(to);
    }
}
