// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @notice Tokens that anybody mints for a price, up to a number.
interface ICollection is IERC721 {
    event Minted(address indexed owner, uint256 firstId, uint256 quantity);

    error InvalidQuantity(uint256 quantity, uint256 most);
    error WrongPayment(uint256 value, uint256 price);
    error SoldOut(uint256 left);

    /// @notice Mints `quantity` tokens with consecutive numbers to the caller.
    function mint(uint256 quantity) external payable returns (uint256 firstId);

    /// @notice For each, in wei.
    function price() external view returns (uint256);

    function minted() external view returns (uint256);

    /// @notice Pays the owner of the collection what came in.
    function collect(address payable to) external;
}
