// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Futures without an end, traded at the oracle's price against a house. Funding moves from the side that has more to the side that has less.

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPriceOracle} from "../oracle/IPriceOracle.sol";
import {IMarginProduct} from "./IMarginProduct.sol";
import {MarginVault} from "./MarginVault.sol";

/// @notice A position never wins more than it was worth when it was opened, and the house holds that much for it. So winners are always
///         paid; losers' margin may fall short, and what is missing is the house's loss.
/// @dev The house is one or several desks, each with an account in the vault; the inheriting contract says who trades at which one. All
///      trades at a desk are one line: `_desks[desk]` and the desk's balance in the vault.
abstract contract FuturesBase is IMarginProduct, Ownable, ReentrancyGuardTransient {
    using Math for uint256;
    using SafeCast for uint256;
    using SafeCast for int256;

    uint256 private constant ONE = 1e18;
    uint256 public constant INITIAL_MARGIN = 0.1e18;
    uint256 public constant MAINTENANCE_MARGIN = 0.05e18;
    uint256 public constant TRADE_FEE = 0.0005e18;
    /// @notice Of the position's worth, for who closes it by force.
    uint256 public constant LIQUIDATION_FEE = 0.01e18;
    /// @notice What the larger side pays a day when one side is all there is.
    uint256 public constant MOST_FUNDING_A_DAY = 0.01e18;

    struct Position {
        /// In 10^-18 units; negative is short.
        int128 size;
        /// The average price at which it was opened.
        uint128 entryPrice;
        /// The desk's funding index at the last change.
        int256 funding;
    }

    struct Desk {
        uint128 longs;
        uint128 shorts;
        /// What the desk may have to pay: the sum of all positions' worth at their entry prices.
        uint256 reserved;
        /// What a long position of 1 has paid since the beginning, in the token.
        int256 funding;
        uint256 fundedAt;
    }

    MarginVault public immutable vault;
    IPriceOracle public immutable oracle;
    mapping(address trader => Position) public positions;
    mapping(uint256 desk => Desk) public desks;

    event Traded(address indexed trader, int256 sizeDelta, uint256 price, int256 result, uint256 fee);
    event Liquidated(address indexed trader, address indexed liquidator, int256 size, uint256 price, uint256 reward);
    event HouseFunded(uint256 indexed desk, address indexed from, uint256 amount);
    event HouseDefunded(uint256 indexed desk, address indexed to, uint256 amount);

    error NothingToDo();
    error PriceMoved(uint256 price, uint256 limit);
    error HouseFull(uint256 desk, uint256 reserved, uint256 balance);
    error NotEnoughMargin(address trader, int256 equity, uint256 needed);
    error StillCovered(address trader);

    constructor(MarginVault marginVault, IPriceOracle prices) Ownable(msg.sender) {
        vault = marginVault;
        oracle = prices;
    }

    /// @notice Where `trader` trades.
    function deskOf(address trader) public view virtual returns (uint256);

    /// @notice The account of a desk in the vault: nobody has its key.
    function houseOf(uint256 desk) public view returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(address(this), desk)))));
    }

    /// @notice Moves the caller's margin into the house.
    function fundHouse(uint256 desk, uint256 amount) external nonReentrant {
        emit HouseFunded(desk, msg.sender, amount);
        vault.spend(msg.sender, houseOf(desk), amount);
    }

    /// @notice Takes out of the house what no position may need.
    function defundHouse(uint256 desk, uint256 amount, address to) external onlyOwner nonReentrant {
        emit HouseDefunded(desk, to, amount);
        vault.settle(houseOf(desk), to, amount);
        _requireReserves(desk);
    }

    /// @notice Buys (positive) or sells `sizeDelta` at the oracle's price.
    /// @param limit The price beyond which the caller does not want to trade.
    function trade(int256 sizeDelta, uint256 limit) external nonReentrant {
        if (sizeDelta == 0) revert NothingToDo();
        uint256 price = oracle.price();
        if (sizeDelta > 0 ? price > limit : price < limit) revert PriceMoved(price, limit);
        uint256 desk = _updateFunding(deskOf(msg.sender), price);
        int256 before = positions[msg.sender].size;
        int256 result = _change(msg.sender, desk, sizeDelta, price);
        uint256 fee = _worth(sizeDelta, price).mulDiv(TRADE_FEE, ONE, Math.Rounding.Ceil);
        _pay(msg.sender, desk, result - int256(fee));
        _requireReserves(desk);
        emit Traded(msg.sender, sizeDelta, price, result, fee);
        int256 size = positions[msg.sender].size;
        // Who only reduces a position needs no margin for it.
        bool reduced = SignedSize.abs(size) < SignedSize.abs(before) && (size == 0 || (size > 0) == (before > 0));
        if (!reduced) _requireInitialMargin(msg.sender);
    }

    /// @notice Closes the position of a trader whose margin is below what it must be.
    function liquidate(address trader) external nonReentrant {
        (int256 equity, , uint256 maintenance) = vault.health(trader);
        int256 size = positions[trader].size;
        if (size == 0 || equity >= int256(maintenance)) revert StillCovered(trader);
        uint256 price = oracle.price();
        uint256 desk = _updateFunding(deskOf(trader), price);
        _pay(trader, desk, _change(trader, desk, -size, price));
        uint256 reward = Math.min(_worth(size, price).mulDiv(LIQUIDATION_FEE, ONE), vault.balanceOf(trader));
        vault.settle(trader, msg.sender, reward);
        emit Liquidated(trader, msg.sender, size, price, reward);
    }

    function exposure(address trader) external view returns (int256 result, uint256 initial, uint256 maintenance) {
        Position memory position = positions[trader];
        if (position.size == 0) return (0, 0, 0);
        uint256 price = oracle.price();
        result = _result(position, position.size, price, _fundingNow(deskOf(trader), price));
        uint256 worth = _worth(position.size, price);
        initial = worth.mulDiv(INITIAL_MARGIN, ONE, Math.Rounding.Ceil);
        maintenance = worth.mulDiv(MAINTENANCE_MARGIN, ONE, Math.Rounding.Ceil);
    }

    /// @dev Brings a desk's funding index up to date.
    function _updateFunding(uint256 desk, uint256 price) private returns (uint256) {
        desks[desk].funding = _fundingNow(desk, price);
        desks[desk].fundedAt = block.timestamp;
        return desk;
    }

    function _fundingNow(uint256 desk, uint256 price) private view returns (int256) {
        Desk storage current = desks[desk];
        uint256 all = uint256(current.longs) + current.shorts;
        if (all == 0) return current.funding;
        int256 skew = int256(uint256(current.longs)) - int256(uint256(current.shorts));
        uint256 elapsed = block.timestamp - current.fundedAt;
        int256 perUnit = int256(price.mulDiv(MOST_FUNDING_A_DAY * elapsed, ONE * 1 days));
        return current.funding + (perUnit * skew) / int256(all);
    }

    /// @dev Changes a position and gives what the part that was closed comes to.
    function _change(address trader, uint256 desk, int256 sizeDelta, uint256 price) private returns (int256 result) {
        Position memory position = positions[trader];
        _count(desk, position, false);
        int256 size = position.size;
        int256 funding = desks[desk].funding;
        if (size == 0) {
            (position.entryPrice, position.funding) = (price.toUint128(), funding);
        } else if ((size > 0) == (sizeDelta > 0)) {
            _average(position, sizeDelta, price, funding);
        } else {
            int256 closed = SignedSize.abs(sizeDelta) < SignedSize.abs(size) ? -sizeDelta : size;
            result = _result(position, closed, price, funding);
            // More than all of it: the rest is a new position the other way.
            if (-closed != sizeDelta) (position.entryPrice, position.funding) = (price.toUint128(), funding);
        }
        position.size = (size + sizeDelta).toInt128();
        if (position.size == 0) delete positions[trader];
        else positions[trader] = position;
        _count(desk, position, true);
    }

    /// @dev Entry price and funding of a position that grows are those of its parts, by their sizes; rounded against the trader: the
    ///      price up and the funding down for a long one, the other way round for a short one.
    function _average(Position memory position, int256 sizeDelta, uint256 price, int256 funding) private pure {
        bool long = sizeDelta > 0;
        uint256 units = SignedSize.abs(position.size);
        uint256 added = SignedSize.abs(sizeDelta);
        uint256 sum = units * position.entryPrice + added * price;
        position.entryPrice = (long ? sum.ceilDiv(units + added) : sum / (units + added)).toUint128();
        int256 weighted = int256(units) * position.funding + int256(added) * funding;
        position.funding = SignedSize.divide(weighted, int256(units + added), !long);
    }

    /// @dev Takes a position into, or out of, its desk's totals.
    function _count(uint256 desk, Position memory position, bool add) private {
        if (position.size == 0) return;
        Desk storage current = desks[desk];
        uint128 units = uint128(SignedSize.abs(position.size));
        uint256 worth = _worth(position.size, position.entryPrice);
        current.reserved = add ? current.reserved + worth : current.reserved - worth;
        if (position.size > 0) current.longs = add ? current.longs + units : current.longs - units;
        else current.shorts = add ? current.shorts + units : current.shorts - units;
    }

    /// @dev What closing `size` of a position gives, at most what that part was worth when it was opened.
    function _result(Position memory position, int256 size, uint256 price, int256 funding) private pure returns (int256) {
        int256 moved = (int256(price) - int256(uint256(position.entryPrice))) * size;
        int256 paid = (funding - position.funding) * size;
        int256 result = SignedSize.divide(moved - paid, int256(ONE), false);
        int256 most = int256(_worth(size, position.entryPrice));
        return result > most ? most : result;
    }

    /// @dev Settles a result between a trader and the house: what a loser does not have is the house's loss.
    function _pay(address trader, uint256 desk, int256 result) private {
        address house = houseOf(desk);
        if (result > 0) {
            vault.settle(house, trader, uint256(result));
        } else if (result < 0) {
            vault.settle(trader, house, Math.min(uint256(-result), vault.balanceOf(trader)));
        }
    }

    function _requireReserves(uint256 desk) private view {
        uint256 balance = vault.balanceOf(houseOf(desk));
        if (balance < desks[desk].reserved) revert HouseFull(desk, desks[desk].reserved, balance);
    }

    function _requireInitialMargin(address trader) private view {
        (int256 equity, uint256 initial, ) = vault.health(trader);
        if (equity < int256(initial)) revert NotEnoughMargin(trader, equity, initial);
    }

    function _worth(int256 size, uint256 price) private pure returns (uint256) {
        return SignedSize.abs(size).mulDiv(price, ONE);
    }
}

library SignedSize {
    function abs(int256 size) internal pure returns (uint256) {
        return uint256(size < 0 ? -size : size);
    }

    /// @dev By a positive number, rounded down or up; Solidity itself rounds towards zero.
    function divide(int256 value, int256 by, bool up) internal pure returns (int256 result) {
        result = value / by;
        if (value % by == 0) return result;
        if (up && value > 0) ++result;
        if (!up && value < 0) --result;
    }
}
