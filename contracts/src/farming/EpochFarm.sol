// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The farm whose rewards are reckoned by epochs: who acts in the same epoch reads what the last one closed with, and writes only what
// is its own.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ShardedCustody} from "../parallel/ShardedCustody.sol";
import {ShardedSum} from "../parallel/ShardedSum.sol";
import {IFarm} from "./IFarm.sol";

/// @notice Same interface as Farm. A stake counts from the next epoch on; who takes it back earns nothing for the epoch under way.
/// @dev `closed` and `_indexAt` are written once an epoch, by the first who acts in it; everybody else writes its own account, one of 32
///      shards of the epoch's change, and the balance of one of 16 holders in a token. What it costs: rewards come an epoch late.
contract EpochFarm is IFarm, ShardedCustody, ReentrancyGuardTransient {
    using ShardedSum for ShardedSum.Sum;
    using Math for uint256;

    uint256 private constant ONE = 1e27;

    struct Account {
        /// Counts in all epochs from `creditedTo` on.
        uint256 active;
        /// Counts from `joins` on.
        uint256 joining;
        uint256 joins;
        /// Up to which epoch `owed` is reckoned.
        uint256 creditedTo;
        uint256 owed;
    }

    IERC20 public immutable stakeToken;
    IERC20 public immutable rewardToken;
    uint256 public immutable rewardPerEpoch;
    uint256 public immutable blocksPerEpoch;
    uint256 private immutable _firstBlock;

    /// @notice How many epochs are closed: also the number of the one under way, once somebody has acted in it.
    uint256 public closed;
    /// @notice What counted in the last epoch that is closed.
    uint256 public countedStake;
    uint256 public rewardsLeft;
    /// @dev By how much the stake that counts changes when an epoch begins (joining) or while it lasts (leaving).
    mapping(uint256 epoch => ShardedSum.Sum) private _changes;
    /// @dev Rewards for 10^27 staked in all epochs before this one.
    mapping(uint256 epoch => uint256) private _indexAt;
    mapping(address account => Account) private _accounts;

    event EpochClosed(uint256 indexed epoch, uint256 staked, uint256 reward);

    constructor(IERC20 staked, IERC20 reward, uint256 perEpoch, uint256 blocks) {
        if (blocks == 0) revert NothingToDo();
        stakeToken = staked;
        rewardToken = reward;
        rewardPerEpoch = perEpoch;
        blocksPerEpoch = blocks;
        _firstBlock = block.number;
    }

    function fund(uint256 amount) external nonReentrant {
        _closeAll();
        rewardsLeft += amount;
        emit Funded(msg.sender, amount);
        _takeSpread(rewardToken, msg.sender, amount);
    }

    function stake(uint256 amount) external nonReentrant {
        if (amount == 0) revert NothingToDo();
        Account storage account = _update(msg.sender);
        account.joining += amount;
        account.joins = closed + 1;
        _changes[closed + 1].add(msg.sender, amount);
        emit Staked(msg.sender, amount);
        _take(stakeToken, msg.sender, msg.sender, amount);
    }

    function unstake(uint256 amount) external nonReentrant {
        if (amount == 0) revert NothingToDo();
        Account storage account = _update(msg.sender);
        uint256 staked = account.active + account.joining;
        if (amount > staked) revert InsufficientStake(msg.sender, staked, amount);
        // What does not count yet goes first.
        uint256 early = Math.min(amount, account.joining);
        if (early > 0) {
            account.joining -= early;
            _changes[account.joins].sub(msg.sender, early);
        }
        if (amount > early) {
            account.active -= amount - early;
            _changes[closed].sub(msg.sender, amount - early);
        }
        emit Unstaked(msg.sender, amount);
        _pay(stakeToken, msg.sender, msg.sender, amount);
    }

    function harvest() external nonReentrant returns (uint256 amount) {
        Account storage account = _update(msg.sender);
        amount = account.owed;
        account.owed = 0;
        emit Harvested(msg.sender, amount);
        _pay(rewardToken, msg.sender, msg.sender, amount);
    }

    /// @notice Closes epochs that are over, at most `most` of them: only needed when nobody acted for so long that one call cannot.
    function close(uint256 most) external nonReentrant {
        for (uint256 i = 0; i < most && closed < epoch(); ++i) _close();
    }

    function epoch() public view returns (uint256) {
        return (block.number - _firstBlock) / blocksPerEpoch;
    }

    function stakedOf(address account) external view returns (uint256) {
        return _accounts[account].active + _accounts[account].joining;
    }

    /// @notice In epochs that are closed.
    function earned(address account) external view returns (uint256) {
        return _owedTo(_accounts[account]);
    }

    /// @notice With all that joins in the next epoch. Exact once all epochs that are over are closed.
    function totalStaked() external view returns (uint256) {
        unchecked {
            return countedStake + _changes[closed].total() + _changes[closed + 1].total();
        }
    }

    function _update(address who) private returns (Account storage account) {
        _closeAll();
        account = _accounts[who];
        account.owed = _owedTo(account);
        account.creditedTo = closed;
        if (account.joining > 0 && account.joins <= closed) {
            account.active += account.joining;
            account.joining = 0;
        }
    }

    function _owedTo(Account storage account) private view returns (uint256) {
        uint256 index = _indexAt[closed];
        uint256 owed = account.owed + account.active.mulDiv(index - _indexAt[account.creditedTo], ONE);
        if (account.joining == 0 || account.joins >= closed) return owed;
        return owed + account.joining.mulDiv(index - _indexAt[account.joins], ONE);
    }

    function _closeAll() private {
        while (closed < epoch()) _close();
    }

    function _close() private {
        uint256 closing = closed;
        uint256 staked;
        unchecked {
            // Changes are modulo 2^256, and so is their sum.
            staked = countedStake + _changes[closing].total();
        }
        uint256 reward = staked == 0 ? 0 : Math.min(rewardPerEpoch, rewardsLeft);
        countedStake = staked;
        rewardsLeft -= reward;
        _indexAt[closing + 1] = _indexAt[closing] + (staked == 0 ? 0 : reward.mulDiv(ONE, staked));
        closed = closing + 1;
        emit EpochClosed(closing, staked, reward);
    }
}
