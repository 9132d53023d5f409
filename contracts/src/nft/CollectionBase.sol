// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// What both collections share: price, royalties (ERC-2981), and the owner's proceeds.

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC2981} from "@openzeppelin/contracts/token/common/ERC2981.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ICollection} from "./ICollection.sol";

abstract contract CollectionBase is ERC721, ERC2981, Ownable, ICollection {
    uint256 public constant MOST_AT_ONCE = 10;
    /// @notice In ten thousandths of a sale.
    uint96 public constant ROYALTY = 250;

    uint256 public immutable price;
    uint256 public immutable mostTokens;

    error EtherNotAccepted(address to);

    constructor(
        string memory collectionName,
        string memory collectionSymbol,
        uint256 most,
        uint256 each
    ) ERC721(collectionName, collectionSymbol) Ownable(msg.sender) {
        (mostTokens, price) = (most, each);
        _setDefaultRoyalty(msg.sender, ROYALTY);
    }

    function mint(uint256 quantity) external payable returns (uint256 firstId) {
        if (quantity == 0 || quantity > MOST_AT_ONCE) revert InvalidQuantity(quantity, MOST_AT_ONCE);
        if (msg.value != price * quantity) revert WrongPayment(msg.value, price * quantity);
        firstId = _takeIds(quantity);
        emit Minted(msg.sender, firstId, quantity);
        // No call of the receiver: it is the caller, who knows.
        for (uint256 i = 0; i < quantity; ++i) _mint(msg.sender, firstId + i);
    }

    function collect(address payable to) external onlyOwner {
        (bool accepted, ) = to.call{value: address(this).balance}("");
        if (!accepted) revert EtherNotAccepted(to);
    }

    function supportsInterface(bytes4 id) public view virtual override(ERC721, ERC2981, IERC165) returns (bool) {
        return super.supportsInterface(id);
    }

    /// @dev The first of `quantity` numbers that nobody has. Reverts when there are not as many.
    function _takeIds(uint256 quantity) internal virtual returns (uint256 firstId);
}
