// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The lending market whose figures are functions of time between two settlements, so that its users do not wait for one another.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPriceOracle} from "../oracle/IPriceOracle.sol";
import {ShardedCustody} from "../parallel/ShardedCustody.sol";
import {ShardedSum} from "../parallel/ShardedSum.sol";
import {LendingBase} from "./LendingBase.sol";
import {RateModel} from "./RateModel.sol";

/// @notice Same interface as LendingMarket. Debts grow by an index that follows from the time and the rate of the last settlement.
///         Anybody may settle, once in ten minutes: then the rate follows the use of the market again, and what was earned is released
///         to the suppliers over the next hour. Shares are sold at the price after that release and taken back at the price of
///         the moment, so suppliers' claims are backed at all times.
/// @dev `_index` and `_price` are written by settlements alone (and when a debt is written off). A user writes its own figures, one of 32
///      shards of the shares or debts, and the balance of one of 16 holders. What it costs: the rate lags behind, and interest is
///      simple, not compound, between settlements.
contract ShardedLendingMarket is LendingBase, ShardedCustody {
    using SafeCast for uint256;
    using Math for uint256;
    using ShardedSum for ShardedSum.Sum;

    uint256 public constant SETTLEMENT_INTERVAL = 10 minutes;
    uint256 public constant RELEASE_TIME = 1 hours;
    /// @notice Fewer shares get no earnings: their price would jump beyond all bounds.
    uint256 public constant MINIMUM_SHARES = 1e6;
    /// @dev Prices and the index are in 10^27ths.
    uint256 private constant RAY = 1e27;

    /// @dev What a scaled debt is multiplied by: `value` at `since`, growing by `rate` (18 decimals) of itself a second. One slot.
    struct Index {
        uint128 value;
        uint64 rate;
        uint64 since;
    }

    /// @dev Assets for a share: rises evenly from `start` to `target` in RELEASE_TIME after `since`.
    struct Price {
        uint128 start;
        uint128 target;
        uint64 since;
    }

    Index private _index;
    Price private _price;
    ShardedSum.Sum private _shares;
    ShardedSum.Sum private _scaledDebts;
    mapping(address supplier => uint256) public sharesOf;
    mapping(address borrower => uint256) private _scaledDebtOf;

    event Settled(uint256 ratePerSecond, uint256 price);

    error TooEarly(uint256 since);

    constructor(IERC20 loan, IERC20 collateral, IPriceOracle prices) LendingBase(loan, collateral, prices) {
        _index = Index(uint128(RAY), RateModel.ratePerSecond(0, 0).toUint64(), uint64(block.timestamp));
        _price = Price(uint128(RAY), uint128(RAY), 0);
    }

    /// @notice Sets the rate and gives what was earned to the suppliers. The one call that reads all shards.
    function settle() external nonReentrant {
        if (block.timestamp - _index.since < SETTLEMENT_INTERVAL) revert TooEarly(_index.since);
        _settle();
    }

    function assetsFor(uint256 shares) public view returns (uint256) {
        return shares.mulDiv(bidPrice(), RAY);
    }

    /// @notice What a share is taken back for now, in 10^27ths.
    function bidPrice() public view returns (uint256) {
        Price memory price = _price;
        uint256 elapsed = Math.min(block.timestamp - price.since, RELEASE_TIME);
        return price.start + (uint256(price.target - price.start) * elapsed) / RELEASE_TIME;
    }

    function index() public view returns (uint256) {
        Index memory current = _index;
        return current.value + uint256(current.value).mulDiv(current.rate * (block.timestamp - current.since), ONE);
    }

    function debtOf(address borrower) public view override returns (uint256) {
        return _scaledDebtOf[borrower].mulDiv(index(), RAY, Math.Rounding.Ceil);
    }

    function totalDebt() public view returns (uint256) {
        return _scaledDebts.total().mulDiv(index(), RAY);
    }

    function totalSupplied() external view returns (uint256) {
        return _shares.total().mulDiv(_price.target, RAY);
    }

    function cash() public view override returns (uint256) {
        return custody(loanToken);
    }

    /// @dev Nothing: the index follows from the time.
    function _accrue() internal override {}

    function _createShares(address supplier, uint256 assets) internal override returns (uint256 shares) {
        // Below 2^128 a call, so that the unchecked sum cannot overflow.
        shares = assets.mulDiv(RAY, _price.target).toUint128();
        sharesOf[supplier] += shares;
        _shares.add(supplier, shares);
    }

    function _destroyShares(address supplier, uint256 shares) internal override returns (uint256 assets) {
        assets = assetsFor(shares);
        sharesOf[supplier] -= shares;
        _shares.sub(supplier, shares);
    }

    function _increaseDebt(address borrower, uint256 amount) internal override {
        uint256 scaled = amount.mulDiv(RAY, index(), Math.Rounding.Ceil).toUint128();
        _scaledDebtOf[borrower] += scaled;
        _scaledDebts.add(borrower, scaled);
    }

    function _decreaseDebt(address borrower, uint256 amount) internal override {
        // Who pays all of a debt, which is rounded up, is rid of all of it.
        uint256 scaled = amount == debtOf(borrower) ? _scaledDebtOf[borrower] : amount.mulDiv(RAY, index());
        _scaledDebtOf[borrower] -= scaled;
        _scaledDebts.sub(borrower, scaled);
    }

    function _writeOff(address borrower, uint256) internal override {
        _scaledDebts.sub(borrower, _scaledDebtOf[borrower]);
        delete _scaledDebtOf[borrower];
        // Suppliers who leave before the next settlement must bear their part of the loss.
        _settle();
    }

    /// @dev What came in is found by the next settlement.
    function _earn(uint256) internal override {}

    function _pullFrom(IERC20 token, address from, address account, uint256 amount) internal override {
        _take(token, from, account, amount);
    }

    function _push(IERC20 token, address account, address to, uint256 amount) internal override {
        _pay(token, account, to, amount);
    }

    function _settle() private {
        uint256 debt = totalDebt();
        uint256 assets = cash() + debt;
        uint256 rate = RateModel.ratePerSecond(debt, assets);
        _index = Index(index().toUint128(), rate.toUint64(), uint64(block.timestamp));
        uint256 shares = _shares.total();
        if (shares >= MINIMUM_SHARES) {
            uint256 target = assets.mulDiv(RAY, shares);
            // A loss counts at once, a gain is released.
            uint256 start = Math.min(bidPrice(), target);
            _price = Price(start.toUint128(), target.toUint128(), uint64(block.timestamp));
        }
        emit Settled(rate, _price.target);
    }
}
