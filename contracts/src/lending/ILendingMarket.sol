// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IERC3156FlashLender} from "@openzeppelin/contracts/interfaces/IERC3156FlashLender.sol";

/// @notice A market in which one token is lent against one other: suppliers earn what borrowers pay, borrowers leave collateral, and
///         who is not covered any more is liquidated by anybody.
interface ILendingMarket is IERC3156FlashLender {
    event Supplied(address indexed supplier, uint256 assets, uint256 shares);
    event Withdrawn(address indexed supplier, address indexed to, uint256 assets, uint256 shares);
    event CollateralAdded(address indexed borrower, address indexed from, uint256 amount);
    event CollateralRemoved(address indexed borrower, address indexed to, uint256 amount);
    event Borrowed(address indexed borrower, address indexed to, uint256 amount);
    event Repaid(address indexed borrower, address indexed from, uint256 amount);
    event Liquidated(address indexed borrower, address indexed liquidator, uint256 repaid, uint256 seized, uint256 badDebt);
    event FlashLent(address indexed receiver, uint256 amount, uint256 fee);

    error NothingToDo();
    error NotCovered(address borrower, uint256 debt, uint256 allowed);
    error StillCovered(address borrower);
    error TooMuchRepaid(uint256 amount, uint256 most);
    error TooLittleSeized(uint256 amount, uint256 minimum);
    error NotEnoughCash(uint256 wanted, uint256 cash);
    error UnknownToken(address token);
    error FlashLoanRefused();

    /// @notice Lends `assets` of the caller's to the market.
    function supply(uint256 assets) external returns (uint256 shares);

    /// @notice Takes back what `shares` of the caller's are worth.
    function withdraw(uint256 shares, address to) external returns (uint256 assets);

    function addCollateral(uint256 amount, address borrower) external;

    function removeCollateral(uint256 amount, address to) external;

    function borrow(uint256 amount, address to) external;

    /// @notice Pays up to `amount` of the borrower's debt.
    function repay(uint256 amount, address borrower) external returns (uint256 paid);

    /// @notice Pays `amount` of the debt of a borrower who is not covered, and takes collateral of that worth and 8% more.
    ///         Half of a debt at most, all of it when the collateral hardly covers it.
    function liquidate(address borrower, uint256 amount, uint256 minimumSeized) external returns (uint256 repaid, uint256 seized);

    /// @notice Brings interest up to date.
    function accrue() external;

    function sharesOf(address supplier) external view returns (uint256);

    /// @notice What `shares` could be withdrawn for now.
    function assetsFor(uint256 shares) external view returns (uint256);

    function collateralOf(address borrower) external view returns (uint256);

    /// @notice With interest up to now, rounded up.
    function debtOf(address borrower) external view returns (uint256);

    function totalDebt() external view returns (uint256);

    /// @notice What all suppliers' shares are worth together, at most.
    function totalSupplied() external view returns (uint256);

    /// @notice What can be withdrawn or borrowed now.
    function cash() external view returns (uint256);
}
