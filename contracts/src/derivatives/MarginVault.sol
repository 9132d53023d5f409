// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Where the margin of all products lies: one balance for each account, which backs everything that the account has open.

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IMarginProduct} from "./IMarginProduct.sol";

/// @notice Products, which the admin appoints, move balances between accounts; owners take out what nothing open needs.
/// @dev What serialises: `balanceOf[vault]` in the token, all deposits and withdrawals (ShardedMarginVault avoids that); `balanceOf[house]`
///      of a product, all trades with it.
contract MarginVault is AccessControl, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant PRODUCT_ROLE = keccak256("PRODUCT_ROLE");
    /// @notice Each withdrawal asks them all.
    uint256 public constant MOST_PRODUCTS = 8;

    IERC20 public immutable token;
    mapping(address account => uint256) public balanceOf;
    /// @notice Products under which accounts have something open that its margin backs.
    IMarginProduct[] public products;

    event ProductAdded(address indexed product, bool margined);
    event Deposited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    event Moved(address indexed product, address indexed from, address indexed to, uint256 amount);

    error TooManyProducts();
    error NotFree(address account, uint256 free, uint256 wanted);
    error InsufficientMargin(address account, uint256 balance, uint256 wanted);

    constructor(IERC20 collateral) {
        token = collateral;
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    /// @param margined Whether the product's positions need margin to stay, so that withdrawals must ask it.
    function addProduct(IMarginProduct product, bool margined) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _grantRole(PRODUCT_ROLE, address(product));
        if (margined) {
            if (products.length == MOST_PRODUCTS) revert TooManyProducts();
            products.push(product);
        }
        emit ProductAdded(address(product), margined);
    }

    /// @notice Adds to the margin of `account`.
    function deposit(uint256 amount, address account) external nonReentrant {
        balanceOf[account] += amount;
        emit Deposited(account, amount);
        _takeIn(account, amount);
    }

    function withdraw(uint256 amount, address to) external nonReentrant {
        _requireFree(msg.sender, amount);
        balanceOf[msg.sender] -= amount;
        emit Withdrawn(msg.sender, to, amount);
        _payOut(msg.sender, to, amount);
    }

    /// @notice For products: moves margin, whatever is open.
    function settle(address from, address to, uint256 amount) external onlyRole(PRODUCT_ROLE) {
        _move(from, to, amount);
    }

    /// @notice For products: moves what nothing open needs.
    function spend(address from, address to, uint256 amount) external onlyRole(PRODUCT_ROLE) {
        _requireFree(from, amount);
        _move(from, to, amount);
    }

    /// @notice How an account stands.
    /// @return equity What it would have if all were closed now; negative when it would owe.
    /// @return initial What must be there to take more risk or to withdraw.
    /// @return maintenance What must be there to keep what is open.
    function health(address account) public view returns (int256 equity, uint256 initial, uint256 maintenance) {
        equity = int256(balanceOf[account]);
        for (uint256 i = 0; i < products.length; ++i) {
            (int256 result, uint256 toOpen, uint256 toKeep) = products[i].exposure(account);
            equity += result;
            initial += toOpen;
            maintenance += toKeep;
        }
    }

    /// @notice What `account` may withdraw: gains that are not taken yet do not count.
    function freeOf(address account) public view returns (uint256) {
        (int256 equity, uint256 initial, ) = health(account);
        if (equity <= int256(initial)) return 0;
        return Math.min(uint256(equity) - initial, balanceOf[account]);
    }

    function _takeIn(address, uint256 amount) internal virtual {
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _payOut(address, address to, uint256 amount) internal virtual {
        token.safeTransfer(to, amount);
    }

    function _requireFree(address account, uint256 wanted) private view {
        uint256 free = freeOf(account);
        if (free < wanted) revert NotFree(account, free, wanted);
    }

    function _move(address from, address to, uint256 amount) private {
        uint256 balance = balanceOf[from];
        if (balance < amount) revert InsufficientMargin(from, balance, amount);
        balanceOf[from] = balance - amount;
        balanceOf[to] += amount;
        emit Moved(msg.sender, from, to, amount);
    }
}
