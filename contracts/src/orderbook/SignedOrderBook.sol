// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// An order book whose orders are signed and kept anywhere but on the chain; only fills and cancellations come here.

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice A maker gives `makerAmount` of one token for `takerAmount` of another, in parts if need be, until it expires or is cancelled.
/// @dev No counter, no queue, no best price: who fills different orders of different makers shares nothing. What is left: the token
///      balances of a maker that several fill, and a word of `cancelled`, 256 nonces of one maker (a bitmap, so that orders need no
///      sequence). What it costs: no price-time priority, and makers' orders fail when their tokens are gone.
contract SignedOrderBook is EIP712("Braid Orders", "1"), ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Math for uint256;

    struct Order {
        address maker;
        IERC20 makerToken;
        IERC20 takerToken;
        uint256 makerAmount;
        uint256 takerAmount;
        /// Who may fill it; zero is everybody.
        address taker;
        uint256 nonce;
        uint256 expiry;
    }

    bytes32 private constant ORDER_TYPE =
        keccak256(
            "Order(address maker,address makerToken,address takerToken,uint256 makerAmount,uint256 takerAmount,address taker,uint256 nonce,uint256 expiry)"
        );

    /// @notice How much of `takerAmount` has come in.
    mapping(bytes32 orderHash => uint256) public filled;
    /// @notice A bit for each nonce: the word is nonce / 256.
    mapping(address maker => mapping(uint256 word => uint256)) public cancelled;

    event OrderFilled(
        bytes32 indexed orderHash,
        address indexed maker,
        address indexed taker,
        uint256 makerAmount,
        uint256 takerAmount
    );
    event NoncesCancelled(address indexed maker, uint256 indexed word, uint256 mask);

    error Expired(uint256 expiry);
    error OrderCancelled(address maker, uint256 nonce);
    error InvalidSignature(address maker);
    error NotForYou(address taker);
    error InvalidAmounts();
    error NothingLeft(bytes32 orderHash);
    error TooLittleOut(uint256 amount, uint256 minimum);
    error OrdersDoNotCross();

    /// @notice Gives up to `takerAmount` for a part of the order. Less when less is left.
    function fill(
        Order calldata order,
        bytes calldata signature,
        uint256 takerAmount,
        uint256 minimumOut
    ) external nonReentrant returns (uint256 paid, uint256 received) {
        bytes32 orderHash = _requireValid(order, signature);
        paid = Math.min(takerAmount, order.takerAmount - filled[orderHash]);
        if (paid == 0) revert NothingLeft(orderHash);
        received = paid.mulDiv(order.makerAmount, order.takerAmount);
        if (received < minimumOut) revert TooLittleOut(received, minimumOut);
        _record(order, orderHash, received, paid);
        order.takerToken.safeTransferFrom(msg.sender, order.maker, paid);
        order.makerToken.safeTransferFrom(order.maker, msg.sender, received);
    }

    /// @notice Fills two orders with one another. Each maker gets what it asked for; what is left between their prices is the caller's.
    function fillEachOther(
        Order calldata first,
        bytes calldata firstSignature,
        Order calldata second,
        bytes calldata secondSignature
    ) external nonReentrant {
        bytes32 firstHash = _requireValid(first, firstSignature);
        bytes32 secondHash = _requireValid(second, secondSignature);
        (uint256 toFirst, uint256 toSecond) = _crossing(first, firstHash, second, secondHash);
        uint256 fromFirst = toFirst.mulDiv(first.makerAmount, first.takerAmount);
        uint256 fromSecond = toSecond.mulDiv(second.makerAmount, second.takerAmount);
        if (fromFirst < toSecond || fromSecond < toFirst) revert OrdersDoNotCross();
        _record(first, firstHash, fromFirst, toFirst);
        _record(second, secondHash, fromSecond, toSecond);
        first.makerToken.safeTransferFrom(first.maker, second.maker, toSecond);
        second.makerToken.safeTransferFrom(second.maker, first.maker, toFirst);
        if (fromFirst > toSecond) first.makerToken.safeTransferFrom(first.maker, msg.sender, fromFirst - toSecond);
        if (fromSecond > toFirst) second.makerToken.safeTransferFrom(second.maker, msg.sender, fromSecond - toFirst);
    }

    /// @notice Cancels all orders of the caller whose nonces are marked in one word.
    function cancel(uint256 word, uint256 mask) external {
        cancelled[msg.sender][word] |= mask;
        emit NoncesCancelled(msg.sender, word, mask);
    }

    function hashOf(Order calldata order) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        ORDER_TYPE,
                        order.maker,
                        order.makerToken,
                        order.takerToken,
                        order.makerAmount,
                        order.takerAmount,
                        order.taker,
                        order.nonce,
                        order.expiry
                    )
                )
            );
    }

    function _requireValid(Order calldata order, bytes calldata signature) private view returns (bytes32 orderHash) {
        if (block.timestamp > order.expiry) revert Expired(order.expiry);
        if (order.makerAmount == 0 || order.takerAmount == 0) revert InvalidAmounts();
        if (order.taker != address(0) && order.taker != msg.sender) revert NotForYou(order.taker);
        if (cancelled[order.maker][order.nonce >> 8] & (1 << (order.nonce & 0xff)) != 0)
            revert OrderCancelled(order.maker, order.nonce);
        orderHash = hashOf(order);
        if (!SignatureChecker.isValidSignatureNow(order.maker, orderHash, signature)) revert InvalidSignature(order.maker);
    }

    /// @dev What each maker receives: as much as both orders have left.
    function _crossing(
        Order calldata first,
        bytes32 firstHash,
        Order calldata second,
        bytes32 secondHash
    ) private view returns (uint256 toFirst, uint256 toSecond) {
        bool sameTokens = address(first.makerToken) == address(second.takerToken) &&
            address(first.takerToken) == address(second.makerToken);
        if (!sameTokens || firstHash == secondHash) revert OrdersDoNotCross();
        toSecond = second.takerAmount - filled[secondHash];
        // What the first can give for all it still wants.
        uint256 available = (first.takerAmount - filled[firstHash]).mulDiv(first.makerAmount, first.takerAmount);
        if (available < toSecond) {
            toSecond = available;
            toFirst = first.takerAmount - filled[firstHash];
        } else {
            toFirst = toSecond.mulDiv(first.takerAmount, first.makerAmount, Math.Rounding.Ceil);
        }
        if (toFirst == 0 || toSecond == 0) revert NothingLeft(toFirst == 0 ? firstHash : secondHash);
    }

    function _record(Order calldata order, bytes32 orderHash, uint256 makerAmount, uint256 takerAmount) private {
        filled[orderHash] += takerAmount;
        emit OrderFilled(orderHash, order.maker, msg.sender, makerAmount, takerAmount);
    }
}
