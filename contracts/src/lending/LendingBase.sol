// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// What both lending markets share: collateral, what may be borrowed against it, liquidation and flash loans. How shares, debts and
// tokens are kept is left to the contract that inherits.

import {IERC3156FlashBorrower} from "@openzeppelin/contracts/interfaces/IERC3156FlashBorrower.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPriceOracle} from "../oracle/IPriceOracle.sol";
import {ILendingMarket} from "./ILendingMarket.sol";

/// @dev Both tokens have 18 decimals and move exactly what a transfer says; the oracle prices the collateral in the loan token.
abstract contract LendingBase is ILendingMarket, ReentrancyGuardTransient {
    using Math for uint256;

    uint256 internal constant ONE = 1e18;
    /// @notice Who borrows may owe this much of the collateral's worth.
    uint256 public constant BORROW_FACTOR = 0.75e18;
    /// @notice Who owes more than this is liquidated.
    uint256 public constant LIQUIDATION_FACTOR = 0.8e18;
    /// @notice A liquidator gets this much of what it pays.
    uint256 public constant LIQUIDATION_YIELD = 1.08e18;
    uint256 public constant FLASH_FEE = 0.0009e18;

    bytes32 private constant FLASH_ANSWER = keccak256("ERC3156FlashBorrower.onFlashLoan");

    IERC20 public immutable loanToken;
    IERC20 public immutable collateralToken;
    IPriceOracle public immutable oracle;
    mapping(address borrower => uint256) public collateralOf;

    constructor(IERC20 loan, IERC20 collateral, IPriceOracle prices) {
        if (address(loan) == address(collateral)) revert UnknownToken(address(collateral));
        loanToken = loan;
        collateralToken = collateral;
        oracle = prices;
    }

    function supply(uint256 assets) external nonReentrant returns (uint256 shares) {
        _accrue();
        _pull(loanToken, msg.sender, assets);
        shares = _createShares(msg.sender, assets);
        if (shares == 0) revert NothingToDo();
        emit Supplied(msg.sender, assets, shares);
    }

    function withdraw(uint256 shares, address to) external nonReentrant returns (uint256 assets) {
        _accrue();
        assets = _destroyShares(msg.sender, shares);
        if (assets == 0) revert NothingToDo();
        emit Withdrawn(msg.sender, to, assets, shares);
        _push(loanToken, msg.sender, to, assets);
    }

    function addCollateral(uint256 amount, address borrower) external nonReentrant {
        if (amount == 0) revert NothingToDo();
        _pull(collateralToken, borrower, amount);
        collateralOf[borrower] += amount;
        emit CollateralAdded(borrower, msg.sender, amount);
    }

    function removeCollateral(uint256 amount, address to) external nonReentrant {
        _accrue();
        collateralOf[msg.sender] -= amount;
        _requireCovered(msg.sender);
        emit CollateralRemoved(msg.sender, to, amount);
        _push(collateralToken, msg.sender, to, amount);
    }

    function borrow(uint256 amount, address to) external nonReentrant {
        if (amount == 0) revert NothingToDo();
        _accrue();
        _increaseDebt(msg.sender, amount);
        _requireCovered(msg.sender);
        emit Borrowed(msg.sender, to, amount);
        _push(loanToken, msg.sender, to, amount);
    }

    function repay(uint256 amount, address borrower) external nonReentrant returns (uint256 paid) {
        _accrue();
        paid = Math.min(amount, debtOf(borrower));
        if (paid == 0) revert NothingToDo();
        _pull(loanToken, borrower, paid);
        _decreaseDebt(borrower, paid);
        emit Repaid(borrower, msg.sender, paid);
    }

    function liquidate(
        address borrower,
        uint256 amount,
        uint256 minimumSeized
    ) external nonReentrant returns (uint256 repaid, uint256 seized) {
        _accrue();
        (repaid, seized) = _liquidation(borrower, amount);
        if (repaid == 0) revert NothingToDo();
        if (seized < minimumSeized) revert TooLittleSeized(seized, minimumSeized);
        _pull(loanToken, borrower, repaid);
        _decreaseDebt(borrower, repaid);
        collateralOf[borrower] -= seized;
        // What is owed without anything behind it is the suppliers' loss, and better now than for the last who withdraw.
        uint256 badDebt = collateralOf[borrower] == 0 ? debtOf(borrower) : 0;
        if (badDebt > 0) _writeOff(borrower, badDebt);
        emit Liquidated(borrower, msg.sender, repaid, seized, badDebt);
        _push(collateralToken, borrower, msg.sender, seized);
    }

    function accrue() external nonReentrant {
        _accrue();
    }

    function flashLoan(
        IERC3156FlashBorrower receiver,
        address token,
        uint256 amount,
        bytes calldata data
    ) external nonReentrant returns (bool) {
        uint256 fee = flashFee(token, amount);
        _accrue();
        uint256 available = cash();
        if (amount > available) revert NotEnoughCash(amount, available);
        _push(loanToken, address(receiver), address(receiver), amount);
        if (receiver.onFlashLoan(msg.sender, token, amount, fee, data) != FLASH_ANSWER) revert FlashLoanRefused();
        _pullFrom(loanToken, address(receiver), address(receiver), amount + fee);
        _earn(fee);
        emit FlashLent(address(receiver), amount, fee);
        return true;
    }

    function maxFlashLoan(address token) external view returns (uint256) {
        return token == address(loanToken) ? cash() : 0;
    }

    function flashFee(address token, uint256 amount) public view returns (uint256) {
        if (token != address(loanToken)) revert UnknownToken(token);
        return amount.mulDiv(FLASH_FEE, ONE, Math.Rounding.Ceil);
    }

    function debtOf(address borrower) public view virtual returns (uint256);

    function cash() public view virtual returns (uint256);

    function _accrue() internal virtual;

    function _createShares(address supplier, uint256 assets) internal virtual returns (uint256 shares);

    /// @dev Reverts when there is not enough cash.
    function _destroyShares(address supplier, uint256 shares) internal virtual returns (uint256 assets);

    /// @dev Reverts when there is not enough cash.
    function _increaseDebt(address borrower, uint256 amount) internal virtual;

    function _decreaseDebt(address borrower, uint256 amount) internal virtual;

    function _writeOff(address borrower, uint256 debt) internal virtual;

    /// @dev `amount` came in that is the suppliers'.
    function _earn(uint256 amount) internal virtual;

    /// @dev Takes tokens of `from`, for the account of `account`.
    function _pullFrom(IERC20 token, address from, address account, uint256 amount) internal virtual;

    /// @dev Pays out of the account of `account`.
    function _push(IERC20 token, address account, address to, uint256 amount) internal virtual;

    function _pull(IERC20 token, address account, uint256 amount) private {
        _pullFrom(token, msg.sender, account, amount);
    }

    function _requireCovered(address borrower) private view {
        uint256 debt = debtOf(borrower);
        if (debt == 0) return;
        uint256 allowed = collateralOf[borrower].mulDiv(oracle.price(), ONE).mulDiv(BORROW_FACTOR, ONE);
        if (debt > allowed) revert NotCovered(borrower, debt, allowed);
    }

    /// @dev How much of `amount` a liquidation takes, and what it gives for that.
    function _liquidation(address borrower, uint256 amount) private view returns (uint256 repaid, uint256 seized) {
        uint256 debt = debtOf(borrower);
        uint256 collateral = collateralOf[borrower];
        uint256 price = oracle.price();
        uint256 worth = collateral.mulDiv(price, ONE);
        if (debt <= worth.mulDiv(LIQUIDATION_FACTOR, ONE)) revert StillCovered(borrower);
        bool hardlyCovered = debt.mulDiv(LIQUIDATION_YIELD, ONE) >= worth;
        uint256 most = hardlyCovered ? debt : debt.ceilDiv(2);
        if (amount > most) revert TooMuchRepaid(amount, most);
        repaid = amount;
        seized = repaid.mulDiv(LIQUIDATION_YIELD, ONE).mulDiv(ONE, price);
        if (seized <= collateral) return (repaid, seized);
        // All the collateral there is, for what it is worth.
        seized = collateral;
        repaid = Math.min(amount, worth.mulDiv(ONE, LIQUIDATION_YIELD, Math.Rounding.Ceil));
    }
}
