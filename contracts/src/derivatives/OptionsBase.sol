// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// European options, settled in the margin vault's token at the oracle's price. Who writes one leaves all that it can cost.

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPriceOracle} from "../oracle/IPriceOracle.sol";
import {MarginVault} from "./MarginVault.sol";

/// @notice A put pays what the price is below the strike; a call pays what it is above, at most the strike. So the strike is what the
///         writer of either must leave, and holders are paid whatever happens. Options are ERC-1155 tokens of 18 decimals.
abstract contract OptionsBase is ERC1155(""), ReentrancyGuardTransient {
    using Math for uint256;
    using SafeCast for uint256;

    uint256 internal constant ONE = 1e18;
    /// @notice How long after expiry somebody must settle a series at the price of the day. After that it pays nothing.
    uint256 public constant SETTLEMENT_WINDOW = 1 days;

    struct Series {
        uint128 strike;
        uint64 expiry;
        bool isCall;
    }

    /// @notice What a writer asks for an option, and how many it still writes.
    struct Offer {
        uint128 premium;
        uint128 amount;
    }

    MarginVault public immutable vault;
    IPriceOracle public immutable oracle;
    /// @notice The price that a series was settled at, plus one; zero before that.
    mapping(bytes32 series => uint256) public settledAt;
    mapping(bytes32 series => mapping(address writer => Offer)) public offers;
    /// @notice What a writer has written and not got back yet.
    mapping(bytes32 series => mapping(address writer => uint256)) public written;

    event Offered(bytes32 indexed series, address indexed writer, uint256 premium, uint256 amount);
    event Bought(bytes32 indexed series, address indexed writer, address indexed buyer, uint256 amount, uint256 premium);
    event Settled(bytes32 indexed series, uint256 price);
    event Exercised(bytes32 indexed series, address indexed holder, uint256 amount, uint256 payoff);
    event Released(bytes32 indexed series, address indexed writer, uint256 amount, uint256 collateral);

    error NothingToDo();
    error HasExpired(uint256 expiry);
    error NotExpired(uint256 expiry);
    error NotSettled(bytes32 series);
    error OfferChanged(uint256 premium, uint256 amount);

    constructor(MarginVault marginVault, IPriceOracle prices) {
        vault = marginVault;
        oracle = prices;
    }

    function seriesOf(Series calldata series) public pure returns (bytes32) {
        return keccak256(abi.encode(series.strike, series.expiry, series.isCall));
    }

    /// @notice The token that stands for options of a series bought from `writer`.
    function tokenOf(Series calldata series, address writer) public view returns (uint256) {
        return _tokenOf(seriesOf(series), writer);
    }

    /// @notice Offers to write `amount` options for `premium` each. Replaces the caller's last offer.
    function offer(Series calldata series, uint128 premium, uint128 amount) external {
        if (block.timestamp >= series.expiry) revert HasExpired(series.expiry);
        bytes32 id = seriesOf(series);
        offers[id][msg.sender] = Offer(premium, amount);
        emit Offered(id, msg.sender, premium, amount);
    }

    /// @notice Buys `amount` options of a writer. The premium goes to the writer's margin, the strike from there into a pot.
    function buy(Series calldata series, address writer, uint256 amount, uint256 mostPremium) external nonReentrant {
        if (amount == 0) revert NothingToDo();
        if (block.timestamp >= series.expiry) revert HasExpired(series.expiry);
        bytes32 id = seriesOf(series);
        uint256 premium = _takeOffer(id, writer, amount);
        if (premium > mostPremium) revert OfferChanged(premium, amount);
        written[id][writer] += amount;
        vault.spend(msg.sender, writer, premium);
        vault.spend(writer, _potOf(id, writer), _collateral(series, amount, Math.Rounding.Ceil));
        emit Bought(id, writer, msg.sender, amount, premium);
        _mint(msg.sender, _tokenOf(id, writer), amount, "");
    }

    /// @notice Fixes the price of a series. Anybody may call it, once it has expired.
    function settle(Series calldata series) external {
        bytes32 id = seriesOf(series);
        if (block.timestamp < series.expiry) revert NotExpired(series.expiry);
        if (settledAt[id] != 0) revert NothingToDo();
        // Too late for the price of the day: then writers keep what they left.
        uint256 price = block.timestamp <= series.expiry + SETTLEMENT_WINDOW ? oracle.price() : _worthless(series);
        settledAt[id] = price + 1;
        emit Settled(id, price);
    }

    /// @notice Turns the caller's options into what they pay.
    function exercise(Series calldata series, address writer, uint256 amount) external nonReentrant {
        bytes32 id = seriesOf(series);
        uint256 payoff = _payoff(series, id, amount, Math.Rounding.Floor);
        _burn(msg.sender, _tokenOf(id, writer), amount);
        vault.settle(_potOf(id, writer), msg.sender, payoff);
        emit Exercised(id, msg.sender, amount, payoff);
    }

    /// @notice Gives the caller back what its options do not pay.
    function release(Series calldata series) external nonReentrant {
        bytes32 id = seriesOf(series);
        uint256 amount = written[id][msg.sender];
        if (amount == 0) revert NothingToDo();
        uint256 payoff = _payoff(series, id, amount, Math.Rounding.Ceil);
        delete written[id][msg.sender];
        uint256 collateral = _collateral(series, amount, Math.Rounding.Floor);
        uint256 rest = collateral - Math.min(payoff, collateral);
        vault.settle(_potOf(id, msg.sender), msg.sender, rest);
        emit Released(id, msg.sender, amount, rest);
    }

    function _tokenOf(bytes32 series, address writer) internal view virtual returns (uint256);

    /// @dev The account in the vault where the strikes of a series lie.
    function _potOf(bytes32 series, address writer) internal view returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(address(this), _tokenOf(series, writer))))));
    }

    function _takeOffer(bytes32 id, address writer, uint256 amount) private returns (uint256) {
        Offer storage found = offers[id][writer];
        if (found.amount < amount) revert OfferChanged(found.premium, found.amount);
        found.amount -= amount.toUint128();
        return amount.mulDiv(found.premium, ONE, Math.Rounding.Ceil);
    }

    function _payoff(Series calldata series, bytes32 id, uint256 amount, Math.Rounding rounding) private view returns (uint256) {
        uint256 settled = settledAt[id];
        if (settled == 0) revert NotSettled(id);
        uint256 price = settled - 1;
        uint256 each = series.isCall
            ? Math.min(Math.saturatingSub(price, series.strike), series.strike)
            : Math.saturatingSub(series.strike, price);
        return amount.mulDiv(each, ONE, rounding);
    }

    function _collateral(Series calldata series, uint256 amount, Math.Rounding rounding) private pure returns (uint256) {
        return amount.mulDiv(series.strike, ONE, rounding);
    }

    /// @dev A price at which a series pays nothing.
    function _worthless(Series calldata series) private pure returns (uint256) {
        return series.strike;
    }
}
