// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The lending market that brings interest up to date in every call.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPriceOracle} from "../oracle/IPriceOracle.sol";
import {LendingBase} from "./LendingBase.sol";
import {RateModel} from "./RateModel.sol";

/// @dev What serialises: the totals (three slots) are read and written by every supply, withdrawal, loan, repayment and liquidation, and
///      so is `balanceOf[market]` in the loan token. Only `addCollateral` of different borrowers shares nothing but that balance in
///      the collateral token.
contract LendingMarket is LendingBase {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;
    using Math for uint256;

    /// @dev As if there were one wei and a million shares more than there are: the first supplier cannot make shares too dear to buy.
    uint256 private constant VIRTUAL_SHARES = 1e6;
    uint256 private constant VIRTUAL_ASSETS = 1;

    uint128 private _suppliedAssets;
    uint128 private _suppliedShares;
    uint128 private _debtAssets;
    uint128 private _debtShares;
    uint64 private _accruedAt;
    mapping(address supplier => uint256) public sharesOf;
    mapping(address borrower => uint256) private _debtSharesOf;

    event Accrued(uint256 interest);

    constructor(IERC20 loan, IERC20 collateral, IPriceOracle prices) LendingBase(loan, collateral, prices) {
        _accruedAt = uint64(block.timestamp);
    }

    function assetsFor(uint256 shares) external view returns (uint256) {
        return shares.mulDiv(totalSupplied() + VIRTUAL_ASSETS, _suppliedShares + VIRTUAL_SHARES);
    }

    function debtOf(address borrower) public view override returns (uint256) {
        return _debtFor(_debtSharesOf[borrower]);
    }

    function totalDebt() public view returns (uint256) {
        return _debtAssets + _pendingInterest();
    }

    function totalSupplied() public view returns (uint256) {
        return _suppliedAssets + _pendingInterest();
    }

    function cash() public view override returns (uint256) {
        return _suppliedAssets - _debtAssets;
    }

    function _accrue() internal override {
        uint256 interest = _pendingInterest();
        _accruedAt = uint64(block.timestamp);
        if (interest == 0) return;
        _debtAssets += interest.toUint128();
        _suppliedAssets += interest.toUint128();
        emit Accrued(interest);
    }

    function _createShares(address supplier, uint256 assets) internal override returns (uint256 shares) {
        shares = assets.mulDiv(_suppliedShares + VIRTUAL_SHARES, _suppliedAssets + VIRTUAL_ASSETS);
        sharesOf[supplier] += shares;
        _suppliedShares += shares.toUint128();
        _suppliedAssets += assets.toUint128();
    }

    function _destroyShares(address supplier, uint256 shares) internal override returns (uint256 assets) {
        assets = shares.mulDiv(_suppliedAssets + VIRTUAL_ASSETS, _suppliedShares + VIRTUAL_SHARES);
        _requireCash(assets);
        sharesOf[supplier] -= shares;
        _suppliedShares -= shares.toUint128();
        _suppliedAssets -= assets.toUint128();
    }

    function _increaseDebt(address borrower, uint256 amount) internal override {
        _requireCash(amount);
        uint256 shares = amount.mulDiv(_debtShares + VIRTUAL_SHARES, _debtAssets + VIRTUAL_ASSETS, Math.Rounding.Ceil);
        _debtSharesOf[borrower] += shares;
        _debtShares += shares.toUint128();
        _debtAssets += amount.toUint128();
    }

    function _decreaseDebt(address borrower, uint256 amount) internal override {
        // Who pays all of a debt, which is rounded up, is rid of all of it.
        uint256 shares = amount == debtOf(borrower)
            ? _debtSharesOf[borrower]
            : amount.mulDiv(_debtShares + VIRTUAL_SHARES, _debtAssets + VIRTUAL_ASSETS);
        _debtSharesOf[borrower] -= shares;
        _debtShares -= shares.toUint128();
        uint256 reduced = Math.min(amount, _debtAssets);
        _debtAssets -= reduced.toUint128();
        // A wei too much by rounding up came in all the same.
        _suppliedAssets += (amount - reduced).toUint128();
    }

    function _writeOff(address borrower, uint256 debt) internal override {
        _debtShares -= _debtSharesOf[borrower].toUint128();
        delete _debtSharesOf[borrower];
        uint128 lost = Math.min(debt, _debtAssets).toUint128();
        _debtAssets -= lost;
        _suppliedAssets -= lost;
    }

    function _earn(uint256 amount) internal override {
        _suppliedAssets += amount.toUint128();
    }

    function _pullFrom(IERC20 token, address from, address, uint256 amount) internal override {
        token.safeTransferFrom(from, address(this), amount);
    }

    function _push(IERC20 token, address, address to, uint256 amount) internal override {
        token.safeTransfer(to, amount);
    }

    function _pendingInterest() private view returns (uint256) {
        uint256 elapsed = block.timestamp - _accruedAt;
        return (RateModel.ratePerSecond(_debtAssets, _suppliedAssets) * elapsed).mulDiv(_debtAssets, ONE);
    }

    function _debtFor(uint256 shares) private view returns (uint256) {
        if (shares == 0) return 0;
        return shares.mulDiv(totalDebt() + VIRTUAL_ASSETS, _debtShares + VIRTUAL_SHARES, Math.Rounding.Ceil);
    }

    function _requireCash(uint256 wanted) private view {
        if (wanted > cash()) revert NotEnoughCash(wanted, cash());
    }
}
