// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Who stakes one token earns another (or the same one), so much a block for all stakers together.
interface IFarm {
    event Funded(address indexed from, uint256 amount);
    event Staked(address indexed account, uint256 amount);
    event Unstaked(address indexed account, uint256 amount);
    event Harvested(address indexed account, uint256 amount);

    error NothingToDo();
    error InsufficientStake(address account, uint256 staked, uint256 wanted);

    function stakeToken() external view returns (IERC20);

    function rewardToken() external view returns (IERC20);

    /// @notice Adds rewards of the caller's.
    function fund(uint256 amount) external;

    function stake(uint256 amount) external;

    function unstake(uint256 amount) external;

    /// @notice Pays the caller what it has earned.
    function harvest() external returns (uint256 amount);

    function stakedOf(address account) external view returns (uint256);

    function earned(address account) external view returns (uint256);

    function totalStaked() external view returns (uint256);
}
