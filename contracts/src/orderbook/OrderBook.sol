// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// A limit order book that matches on the chain: the best price first, and at one price the oldest order first.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice Amounts are whole lots of the base token, prices are ticks: a lot costs `tick * quoteUnit` of the quote token. So every fill
///         is exact and nothing is ever rounded. Who trades deposits first.
/// @dev What serialises: `_nextId`, everybody who places an order; `_topBids/_topAsks` and the queue `_levels` at the best prices, everybody
///      who trades there; `balances[maker]`, all who are filled by the same maker. SignedOrderBook has none of these.
contract OrderBook is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    enum TimeInForce {
        // What is not filled rests in the book.
        Resting,
        // What is not filled is dropped.
        Immediate,
        // An order that would be filled at once is refused.
        MakerOnly
    }

    /// @dev Two slots.
    struct Order {
        address maker;
        uint64 lots;
        uint16 tick;
        bool isBid;
        uint64 previous;
        uint64 next;
    }

    /// @dev The orders at one price, a list in the order of their arrival.
    struct Level {
        uint64 head;
        uint64 tail;
    }

    /// @dev How many resting orders one call may meet.
    uint256 public constant MOST_FILLS = 32;

    IERC20 public immutable base;
    IERC20 public immutable quote;
    uint256 public immutable lotSize;
    uint256 public immutable quoteUnit;

    uint64 private _nextId = 1;
    /// @dev Which prices have orders: a bit for each of 256 words, and words of 256 prices.
    uint256 private _topBids;
    uint256 private _topAsks;
    mapping(uint256 word => uint256) private _bidWords;
    mapping(uint256 word => uint256) private _askWords;
    mapping(bool isBid => mapping(uint16 tick => Level)) private _levels;
    mapping(uint64 id => Order) public orders;
    /// @notice What is not bound in orders.
    mapping(address owner => mapping(IERC20 token => uint256)) public balances;

    event Deposited(address indexed owner, IERC20 indexed token, uint256 amount);
    event Withdrawn(address indexed owner, IERC20 indexed token, address indexed to, uint256 amount);
    event OrderPlaced(uint64 indexed id, address indexed maker, bool isBid, uint16 tick, uint64 lots);
    event OrderFilled(uint64 indexed id, address indexed maker, address indexed taker, uint16 tick, uint64 lots);
    event OrderCancelled(uint64 indexed id, uint64 lots);

    error UnknownToken(IERC20 token);
    error InsufficientBalance(IERC20 token, uint256 balance, uint256 needed);
    error InvalidOrder(uint16 tick, uint64 lots);
    error WouldTake(uint16 bestTick);
    error NotYours(uint64 id);

    constructor(IERC20 baseToken, IERC20 quoteToken, uint256 lot, uint256 unit) {
        if (address(baseToken) == address(quoteToken)) revert UnknownToken(quoteToken);
        if (lot == 0 || unit == 0 || lot > type(uint128).max || unit > type(uint128).max) revert InvalidOrder(0, 0);
        base = baseToken;
        quote = quoteToken;
        lotSize = lot;
        quoteUnit = unit;
    }

    function deposit(IERC20 token, uint256 amount) external nonReentrant {
        if (address(token) != address(base) && address(token) != address(quote)) revert UnknownToken(token);
        balances[msg.sender][token] += amount;
        emit Deposited(msg.sender, token, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function withdraw(IERC20 token, uint256 amount, address to) external nonReentrant {
        _debit(msg.sender, token, amount);
        emit Withdrawn(msg.sender, token, to, amount);
        token.safeTransfer(to, amount);
    }

    /// @notice Buys or sells up to `lots` at `tick` or better, at the prices of the orders that it meets.
    /// @return id The order that rests in the book; zero when none does.
    function place(bool isBid, uint16 tick, uint64 lots, TimeInForce force) external nonReentrant returns (uint64 id, uint64 filled) {
        if (tick == 0 || lots == 0) revert InvalidOrder(tick, lots);
        if (force != TimeInForce.MakerOnly) filled = _match(isBid, tick, lots);
        if (filled == lots || force == TimeInForce.Immediate) return (0, filled);
        // Also after MOST_FILLS fills: bids and asks that cross are no book. Such a taker asks for less, or for Immediate.
        _requireNoMatch(isBid, tick);
        id = _rest(isBid, tick, lots - filled);
    }

    /// @notice Takes an order out of the book and frees what is bound in it.
    function cancel(uint64 id) external nonReentrant {
        Order memory order = orders[id];
        if (order.maker != msg.sender) revert NotYours(id);
        _remove(id, order);
        _free(order, order.lots);
        emit OrderCancelled(id, order.lots);
    }

    /// @notice The best price of a side; zero when there is none.
    function best(bool isBid) public view returns (uint16) {
        uint256 top = isBid ? _topBids : _topAsks;
        if (top == 0) return 0;
        // Bids from the highest bit, asks from the lowest (x & -x).
        uint256 word = isBid ? Math.log2(top) : Math.log2(top & (~top + 1));
        uint256 bits = isBid ? _bidWords[word] : _askWords[word];
        uint256 bit = isBid ? Math.log2(bits) : Math.log2(bits & (~bits + 1));
        return uint16((word << 8) | bit);
    }

    /// @notice The oldest and newest order at a price.
    function level(bool isBid, uint16 tick) external view returns (uint64 head, uint64 tail) {
        Level storage found = _levels[isBid][tick];
        return (found.head, found.tail);
    }

    function _match(bool isBid, uint16 tick, uint64 lots) private returns (uint64 filled) {
        for (uint256 fills = 0; fills < MOST_FILLS && filled < lots; ++fills) {
            uint16 price = best(!isBid);
            if (price == 0 || (isBid ? price > tick : price < tick)) break;
            filled += _fill(_levels[!isBid][price].head, lots - filled);
        }
    }

    /// @dev Fills one resting order with up to `lots` of the caller's.
    function _fill(uint64 id, uint64 lots) private returns (uint64 filled) {
        Order memory order = orders[id];
        filled = lots < order.lots ? lots : order.lots;
        uint256 baseAmount = filled * lotSize;
        uint256 quoteAmount = _quoteFor(order.tick, filled);
        if (order.isBid) {
            _debit(msg.sender, base, baseAmount);
            balances[msg.sender][quote] += quoteAmount;
            balances[order.maker][base] += baseAmount;
        } else {
            _debit(msg.sender, quote, quoteAmount);
            balances[msg.sender][base] += baseAmount;
            balances[order.maker][quote] += quoteAmount;
        }
        if (filled == order.lots) _remove(id, order);
        else orders[id].lots = order.lots - filled;
        emit OrderFilled(id, order.maker, msg.sender, order.tick, filled);
    }

    /// @dev Binds what the order needs and puts it behind the others of its price.
    function _rest(bool isBid, uint16 tick, uint64 lots) private returns (uint64 id) {
        if (isBid) _debit(msg.sender, quote, _quoteFor(tick, lots));
        else _debit(msg.sender, base, lots * lotSize);
        id = _nextId++;
        Level storage queue = _levels[isBid][tick];
        orders[id] = Order(msg.sender, lots, tick, isBid, queue.tail, 0);
        if (queue.tail == 0) {
            queue.head = id;
            _mark(isBid, tick, true);
        } else {
            orders[queue.tail].next = id;
        }
        queue.tail = id;
        emit OrderPlaced(id, msg.sender, isBid, tick, lots);
    }

    function _remove(uint64 id, Order memory order) private {
        Level storage queue = _levels[order.isBid][order.tick];
        if (order.previous == 0) queue.head = order.next;
        else orders[order.previous].next = order.next;
        if (order.next == 0) queue.tail = order.previous;
        else orders[order.next].previous = order.previous;
        if (queue.head == 0) _mark(order.isBid, order.tick, false);
        delete orders[id];
    }

    function _mark(bool isBid, uint16 tick, bool present) private {
        mapping(uint256 word => uint256) storage words = isBid ? _bidWords : _askWords;
        uint256 word = tick >> 8;
        uint256 bit = 1 << (tick & 0xff);
        uint256 bits = present ? words[word] | bit : words[word] & ~bit;
        words[word] = bits;
        uint256 top = isBid ? _topBids : _topAsks;
        uint256 changed = bits != 0 ? top | (1 << word) : top & ~(1 << word);
        // Most orders come to prices that have some: then this slot is not written.
        if (changed == top) return;
        if (isBid) _topBids = changed;
        else _topAsks = changed;
    }

    function _free(Order memory order, uint64 lots) private {
        if (order.isBid) balances[order.maker][quote] += _quoteFor(order.tick, lots);
        else balances[order.maker][base] += lots * lotSize;
    }

    function _debit(address owner, IERC20 token, uint256 amount) private {
        uint256 balance = balances[owner][token];
        if (balance < amount) revert InsufficientBalance(token, balance, amount);
        balances[owner][token] = balance - amount;
    }

    function _quoteFor(uint16 tick, uint64 lots) private view returns (uint256) {
        return uint256(tick) * lots * quoteUnit;
    }

    function _requireNoMatch(bool isBid, uint16 tick) private view {
        uint16 price = best(!isBid);
        if (price != 0 && (isBid ? price <= tick : price >= tick)) revert WouldTake(price);
    }
}
