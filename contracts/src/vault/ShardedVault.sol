// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// An ERC-4626 vault whose price does not depend on its users: it follows from the time and from what was last reported.

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ShardedCustody} from "../parallel/ShardedCustody.sol";
import {ShardedSum} from "../parallel/ShardedSum.sol";
import {SupplylessERC20} from "../token/SupplylessERC20.sol";

/// @notice Same interface as Vault. Shares are sold at the price that they will have when all reported profit is released, and
///         taken back at what is released by now. So each share is always backed, whoever comes and goes in between, and nobody
///         gains by coming just before a report.
/// @dev `_price` is written by `report` alone and only read by users. A deposit or withdrawal writes the user's own balance, one of 32
///      shards of the supply, and the balance of one of 16 holders in the asset. A gift of tokens changes nothing: it is nobody's.
contract ShardedVault is SupplylessERC20, IERC4626, ShardedCustody, AccessControl {
    using ShardedSum for ShardedSum.Sum;
    using SafeCast for uint256;
    using Math for uint256;

    bytes32 public constant REPORTER_ROLE = keccak256("REPORTER_ROLE");
    uint256 public constant RELEASE_TIME = 6 hours;
    /// @notice Fewer shares get no profit: their price would jump beyond all bounds.
    uint256 public constant MINIMUM_SHARES = 1e6;
    /// @dev Prices are assets for 10^27 shares.
    uint256 private constant ONE = 1e27;

    /// @dev Rises evenly from `start` to `target` in RELEASE_TIME after `since`. `start` and `target` lie in one slot.
    struct Price {
        uint128 start;
        uint128 target;
        uint64 since;
    }

    address public immutable asset;
    Price private _price = Price(uint128(ONE), uint128(ONE), 0);
    ShardedSum.Sum private _supply;

    event ProfitReported(uint256 profit);

    error NeedsEighteenDecimals(uint8 decimals);
    error TooFewShares(uint256 shares, uint256 minimum);
    error NothingFor(uint256 amount);
    error MoreThanMaximum(address owner, uint256 amount, uint256 maximum);

    constructor(
        IERC20Metadata token,
        string memory shareName,
        string memory shareSymbol
    ) SupplylessERC20(shareName, shareSymbol) {
        if (token.decimals() != decimals) revert NeedsEighteenDecimals(token.decimals());
        asset = address(token);
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
        _grantRole(REPORTER_ROLE, msg.sender);
    }

    /// @notice Brings in `profit` of the reporter's tokens. The one call that reads all shards.
    function report(uint256 profit) external onlyRole(REPORTER_ROLE) {
        uint256 supply = totalSupply();
        if (supply < MINIMUM_SHARES) revert TooFewShares(supply, MINIMUM_SHARES);
        uint256 target = _price.target + profit.mulDiv(ONE, supply);
        _price = Price(bidPrice().toUint128(), target.toUint128(), uint64(block.timestamp));
        emit ProfitReported(profit);
        _takeSpread(IERC20(asset), msg.sender, profit);
    }

    /// @notice What the vault pays now, in assets for 10^27 shares.
    function bidPrice() public view returns (uint256) {
        Price memory price = _price;
        uint256 elapsed = Math.min(block.timestamp - price.since, RELEASE_TIME);
        return price.start + (uint256(price.target - price.start) * elapsed) / RELEASE_TIME;
    }

    /// @notice What the vault sells for now.
    function askPrice() public view returns (uint256) {
        return _price.target;
    }

    function deposit(uint256 assets, address receiver) external returns (uint256 shares) {
        shares = previewDeposit(assets);
        _deposit(assets, shares, receiver);
    }

    function mint(uint256 shares, address receiver) external returns (uint256 assets) {
        assets = previewMint(shares);
        _deposit(assets, shares, receiver);
    }

    function withdraw(uint256 assets, address receiver, address owner) external returns (uint256 shares) {
        uint256 maximum = maxWithdraw(owner);
        if (assets > maximum) revert MoreThanMaximum(owner, assets, maximum);
        shares = previewWithdraw(assets);
        _withdraw(assets, shares, receiver, owner);
    }

    function redeem(uint256 shares, address receiver, address owner) external returns (uint256 assets) {
        uint256 maximum = maxRedeem(owner);
        if (shares > maximum) revert MoreThanMaximum(owner, shares, maximum);
        assets = previewRedeem(shares);
        _withdraw(assets, shares, receiver, owner);
    }

    function totalSupply() public view returns (uint256) {
        return _supply.total();
    }

    /// @notice All that is held, profit that is not released yet included.
    function totalAssets() external view returns (uint256) {
        return custody(IERC20(asset));
    }

    function previewDeposit(uint256 assets) public view returns (uint256) {
        return assets.mulDiv(ONE, askPrice());
    }

    function previewMint(uint256 shares) public view returns (uint256) {
        return shares.mulDiv(askPrice(), ONE, Math.Rounding.Ceil);
    }

    function previewWithdraw(uint256 assets) public view returns (uint256) {
        return assets.mulDiv(ONE, bidPrice(), Math.Rounding.Ceil);
    }

    function previewRedeem(uint256 shares) public view returns (uint256) {
        return shares.mulDiv(bidPrice(), ONE);
    }

    function convertToShares(uint256 assets) external view returns (uint256) {
        return assets.mulDiv(ONE, bidPrice());
    }

    function convertToAssets(uint256 shares) external view returns (uint256) {
        return previewRedeem(shares);
    }

    /// @dev What keeps the sum of the shards, which nothing checks, far from its end.
    function maxDeposit(address) public pure returns (uint256) {
        return type(uint128).max;
    }

    function maxMint(address) external pure returns (uint256) {
        return type(uint128).max;
    }

    function maxWithdraw(address owner) public view returns (uint256) {
        return previewRedeem(balanceOf[owner]);
    }

    function maxRedeem(address owner) public view returns (uint256) {
        return balanceOf[owner];
    }

    function _deposit(uint256 assets, uint256 shares, address receiver) private {
        if (shares == 0) revert NothingFor(assets);
        if (assets > maxDeposit(receiver)) revert MoreThanMaximum(receiver, assets, maxDeposit(receiver));
        // Tokens first: one that calls back finds a vault in which nothing has changed yet.
        _take(IERC20(asset), msg.sender, receiver, assets);
        _supply.add(receiver, shares);
        _create(receiver, shares);
        emit Deposit(msg.sender, receiver, assets, shares);
    }

    function _withdraw(uint256 assets, uint256 shares, address receiver, address owner) private {
        if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);
        _destroy(owner, shares);
        _supply.sub(owner, shares);
        emit Withdraw(msg.sender, receiver, owner, assets, shares);
        _pay(IERC20(asset), owner, receiver, assets);
    }
}
