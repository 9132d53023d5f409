// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// A market for tokens at fixed prices. Sellers keep their tokens until they are sold; creators get their royalties.

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";

abstract contract MarketplaceBase is Ownable, ReentrancyGuardTransient {
    /// @notice In ten thousandths of a sale.
    uint256 public constant FEE = 100;
    /// @notice A collection cannot take more than this as its royalty.
    uint256 public constant MOST_ROYALTY = 1_000;
    uint256 private constant WHOLE = 10_000;

    struct Listing {
        address seller;
        IERC721 collection;
        uint256 tokenId;
        uint256 price;
    }

    mapping(bytes32 id => Listing) public listings;

    event Listed(bytes32 indexed id, address indexed seller, IERC721 indexed collection, uint256 tokenId, uint256 price);
    event Unlisted(bytes32 indexed id);
    event Sold(bytes32 indexed id, address indexed buyer, uint256 price, uint256 royalty, uint256 fee);

    error NotTheOwner(address owner);
    error NotApproved();
    error ZeroPrice();
    error NotListed(bytes32 id);
    error NotYours(bytes32 id);
    error WrongPayment(uint256 value, uint256 price);
    error EtherNotAccepted(address to);

    constructor() Ownable(msg.sender) {}

    /// @notice Offers a token of the caller's, who has approved this contract for it.
    function list(IERC721 collection, uint256 tokenId, uint256 price) external returns (bytes32 id) {
        address owner = collection.ownerOf(tokenId);
        if (owner != msg.sender) revert NotTheOwner(owner);
        if (price == 0) revert ZeroPrice();
        bool approved = collection.isApprovedForAll(owner, address(this)) || collection.getApproved(tokenId) == address(this);
        if (!approved) revert NotApproved();
        id = _newId(collection, tokenId);
        listings[id] = Listing(msg.sender, collection, tokenId, price);
        emit Listed(id, msg.sender, collection, tokenId, price);
    }

    function unlist(bytes32 id) external {
        if (listings[id].seller != msg.sender) revert NotYours(id);
        delete listings[id];
        _closed();
        emit Unlisted(id);
    }

    /// @notice Buys for exactly the price. Fails when the seller has parted with the token.
    function buy(bytes32 id) external payable nonReentrant {
        Listing memory sale = listings[id];
        if (sale.seller == address(0)) revert NotListed(id);
        if (msg.value != sale.price) revert WrongPayment(msg.value, sale.price);
        delete listings[id];
        _closed();
        (address creator, uint256 royalty) = _royalty(sale);
        uint256 fee = (sale.price * FEE) / WHOLE;
        emit Sold(id, msg.sender, sale.price, royalty, fee);
        sale.collection.safeTransferFrom(sale.seller, msg.sender, sale.tokenId);
        _keepFee(fee);
        if (royalty > 0) _send(creator, royalty);
        _send(sale.seller, sale.price - royalty - fee);
    }

    function _newId(IERC721 collection, uint256 tokenId) internal virtual returns (bytes32);

    /// @dev A listing is gone.
    function _closed() internal virtual;

    function _keepFee(uint256 fee) internal virtual;

    function _send(address to, uint256 value) internal {
        (bool accepted, ) = to.call{value: value}("");
        if (!accepted) revert EtherNotAccepted(to);
    }

    function _royalty(Listing memory sale) private view returns (address creator, uint256 royalty) {
        if (!ERC165Checker.supportsInterface(address(sale.collection), type(IERC2981).interfaceId)) return (address(0), 0);
        (creator, royalty) = IERC2981(address(sale.collection)).royaltyInfo(sale.tokenId, sale.price);
        uint256 most = (sale.price * MOST_ROYALTY) / WHOLE;
        if (royalty > most) royalty = most;
        if (creator == address(0)) royalty = 0;
    }
}
