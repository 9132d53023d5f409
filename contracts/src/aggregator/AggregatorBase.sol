// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// One trade over several markets: it is split between pools of both kinds, passes through tokens in between, and either gives
// what was asked for or does not happen.

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Pool} from "../amm/Pool.sol";
import {PoolFactory} from "../amm/PoolFactory.sol";
import {ConcentratedPool, IConcentratedPayer} from "../concentrated/ConcentratedPool.sol";
import {ConcentratedPoolFactory} from "../concentrated/ConcentratedPoolFactory.sol";
import {TickMath} from "../concentrated/TickMath.sol";

/// @dev What serialises is the pools on the way, and what the inheriting contract keeps of a trade.
abstract contract AggregatorBase is Ownable, ReentrancyGuardTransient, IConcentratedPayer {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @notice One step: sells a part of what the trade has of `tokenIn` by now.
    struct Leg {
        IERC20 tokenIn;
        IERC20 tokenOut;
        /// In millionths of the concentrated pool; 0 is the constant-product pool of the pair.
        uint24 fee;
        /// In ten thousandths. The last leg that sells a token takes 10,000.
        uint16 part;
    }

    struct Trade {
        IERC20 tokenIn;
        IERC20 tokenOut;
        uint256 amountIn;
        uint256 minimumOut;
        address to;
        uint256 deadline;
    }

    /// @dev What the trade has of each token by now.
    struct Purse {
        IERC20[] tokens;
        uint256[] amounts;
    }

    uint256 public constant WHOLE = 10_000;
    /// @notice Ten thousandths of what a trade yields.
    uint256 public constant FEE = 5;

    PoolFactory public immutable pools;
    ConcentratedPoolFactory public immutable concentratedPools;

    /// @dev Which pool may ask to be paid now, and how much of which token at most.
    address private transient _payee;
    IERC20 private transient _payeeToken;
    uint256 private transient _payeeMost;

    event Traded(address indexed trader, IERC20 indexed tokenIn, IERC20 indexed tokenOut, uint256 amountIn, uint256 amountOut, uint256 fee);
    event FeesCollected(IERC20 indexed token, address indexed to, uint256 amount);

    error Expired(uint256 deadline);
    error NoLegs();
    error NoPool(IERC20 tokenIn, IERC20 tokenOut, uint24 fee);
    error InvalidPart(uint16 part);
    error NotHeld(IERC20 token);
    error LeftOver(IERC20 token, uint256 amount);
    error PartlyFilled(address pool, uint256 unused);
    error TooLittleOut(uint256 amount, uint256 minimum);
    error UnexpectedCall(address caller);

    constructor(PoolFactory factory, ConcentratedPoolFactory concentratedFactory) Ownable(msg.sender) {
        pools = factory;
        concentratedPools = concentratedFactory;
    }

    /// @notice Sells `trade.amountIn` of the caller's along `legs`, in their order. Every token on the way must be sold completely.
    function swap(Trade calldata trade, Leg[] calldata legs) external nonReentrant returns (uint256 amountOut) {
        if (block.timestamp > trade.deadline) revert Expired(trade.deadline);
        if (legs.length == 0) revert NoLegs();
        uint256 amountIn = _takeIn(trade);
        amountOut = _runLegs(trade, amountIn, legs);
        uint256 fee = (amountOut * FEE) / WHOLE;
        amountOut -= fee;
        if (amountOut < trade.minimumOut) revert TooLittleOut(amountOut, trade.minimumOut);
        _keep(trade.tokenIn, amountIn, trade.tokenOut, fee);
        trade.tokenOut.safeTransfer(trade.to, amountOut);
        emit Traded(msg.sender, trade.tokenIn, trade.tokenOut, amountIn, amountOut, fee);
    }

    /// @notice Pays out the fees of a token.
    function collectFees(IERC20 token, address to) external onlyOwner nonReentrant {
        emit FeesCollected(token, to, _collect(token, to));
    }

    function onSwapDue(int256 amount0, int256 amount1, bytes calldata) external {
        if (msg.sender != _payee) revert UnexpectedCall(msg.sender);
        uint256 due = uint256(amount0 > 0 ? amount0 : amount1);
        if (due > _payeeMost) revert UnexpectedCall(msg.sender);
        _payee = address(0);
        _payeeToken.safeTransfer(msg.sender, due);
    }

    /// @dev This contract provides no liquidity and takes no flash loans.
    function onLiquidityDue(uint256, uint256, bytes calldata) external view {
        revert UnexpectedCall(msg.sender);
    }

    function onFlashDue(uint256, uint256, bytes calldata) external view {
        revert UnexpectedCall(msg.sender);
    }

    /// @dev Keeps the fee, which lies in this contract, and counts the trade.
    function _keep(IERC20 tokenIn, uint256 amountIn, IERC20 tokenOut, uint256 fee) internal virtual;

    function _collect(IERC20 token, address to) internal virtual returns (uint256 amount);

    /// @dev Counted here and at every leg as what really came: a token that takes a part of each transfer must not be paid for out of
    ///      others' fees.
    function _takeIn(Trade calldata trade) private returns (uint256) {
        uint256 before = trade.tokenIn.balanceOf(address(this));
        trade.tokenIn.safeTransferFrom(msg.sender, address(this), trade.amountIn);
        return trade.tokenIn.balanceOf(address(this)) - before;
    }

    function _runLegs(Trade calldata trade, uint256 amountIn, Leg[] calldata legs) private returns (uint256) {
        Purse memory purse = Purse(new IERC20[](legs.length + 1), new uint256[](legs.length + 1));
        purse.tokens[0] = trade.tokenIn;
        purse.amounts[0] = amountIn;
        for (uint256 i = 0; i < legs.length; ++i) _run(purse, legs[i]);
        return _close(purse, trade.tokenOut);
    }

    function _run(Purse memory purse, Leg calldata leg) private {
        if (leg.part == 0 || leg.part > WHOLE) revert InvalidPart(leg.part);
        uint256 from = _find(purse, leg.tokenIn, false);
        uint256 amount = (purse.amounts[from] * leg.part) / WHOLE;
        purse.amounts[from] -= amount;
        uint256 into = _find(purse, leg.tokenOut, true);
        uint256 before = leg.tokenOut.balanceOf(address(this));
        if (leg.fee == 0) _sellToPool(leg, amount);
        else _sellToConcentrated(leg, amount);
        purse.amounts[into] += leg.tokenOut.balanceOf(address(this)) - before;
    }

    /// @dev What the trade yields; nothing else may remain, because nobody would own it.
    function _close(Purse memory purse, IERC20 tokenOut) private pure returns (uint256 amountOut) {
        for (uint256 i = 0; i < purse.tokens.length && address(purse.tokens[i]) != address(0); ++i) {
            if (address(purse.tokens[i]) == address(tokenOut)) amountOut = purse.amounts[i];
            else if (purse.amounts[i] != 0) revert LeftOver(purse.tokens[i], purse.amounts[i]);
        }
    }

    function _find(Purse memory purse, IERC20 token, bool add) private pure returns (uint256 index) {
        while (index < purse.tokens.length && address(purse.tokens[index]) != address(0)) {
            if (address(purse.tokens[index]) == address(token)) return index;
            ++index;
        }
        if (!add) revert NotHeld(token);
        purse.tokens[index] = token;
    }

    function _sellToPool(Leg calldata leg, uint256 amount) private {
        Pool pool = Pool(pools.poolOf(address(leg.tokenIn), address(leg.tokenOut)));
        if (address(pool) == address(0)) revert NoPool(leg.tokenIn, leg.tokenOut, 0);
        bool zeroForOne = pool.token0() == address(leg.tokenIn);
        (uint112 reserve0, uint112 reserve1, ) = pool.reserves();
        (uint256 reserveIn, uint256 reserveOut) = zeroForOne ? (reserve0, reserve1) : (reserve1, reserve0);
        uint256 charged = amount * 997;
        uint256 amountOut = (charged * reserveOut) / (reserveIn * 1000 + charged);
        leg.tokenIn.safeTransfer(address(pool), amount);
        pool.swap(zeroForOne ? 0 : amountOut, zeroForOne ? amountOut : 0, address(this), "");
    }

    function _sellToConcentrated(Leg calldata leg, uint256 amount) private {
        address pool = concentratedPools.poolOf(address(leg.tokenIn), address(leg.tokenOut), leg.fee);
        if (pool == address(0)) revert NoPool(leg.tokenIn, leg.tokenOut, leg.fee);
        bool zeroForOne = address(leg.tokenIn) < address(leg.tokenOut);
        uint160 limit = zeroForOne ? TickMath.MIN_SQRT_PRICE + 1 : TickMath.MAX_SQRT_PRICE - 1;
        (_payee, _payeeToken, _payeeMost) = (pool, leg.tokenIn, amount);
        (int256 amount0, int256 amount1) = ConcentratedPool(pool).swap(address(this), zeroForOne, amount.toInt256(), limit, "");
        uint256 used = uint256(zeroForOne ? amount0 : amount1);
        if (used != amount) revert PartlyFilled(pool, amount - used);
    }
}
