// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Auctions with open bids: each must be a twentieth above the last, and the highest when time is up has won.

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @dev What serialises: `auctions[id]`, all bids of one auction, each of which depends on the one before it; `auctionCount`, all who begin
///      one. SealedAuction takes bids side by side.
contract EnglishAuction is ReentrancyGuardTransient {
    /// @notice A bid in the last minutes gives the others as many.
    uint64 public constant EXTENSION = 5 minutes;

    struct Auction {
        address seller;
        IERC721 collection;
        uint256 tokenId;
        uint96 reserve;
        uint64 endsAt;
        address bidder;
        uint256 bid;
    }

    uint256 public auctionCount;
    mapping(uint256 id => Auction) public auctions;
    /// @notice What who was outbid can take back.
    mapping(address bidder => uint256) public refunds;

    event AuctionBegun(uint256 indexed id, address indexed seller, IERC721 indexed collection, uint256 tokenId, uint256 reserve, uint256 endsAt);
    event BidPlaced(uint256 indexed id, address indexed bidder, uint256 bid, uint256 endsAt);
    event AuctionEnded(uint256 indexed id, address indexed winner, uint256 bid);
    event Refunded(address indexed bidder, uint256 amount);

    error InvalidDuration(uint64 duration);
    error NoSuchAuction(uint256 id);
    error HasEnded(uint256 endsAt);
    error StillRunning(uint256 endsAt);
    error BidTooLow(uint256 bid, uint256 least);
    error NothingToRefund(address bidder);
    error EtherNotAccepted(address to);

    function begin(IERC721 collection, uint256 tokenId, uint96 reserve, uint64 duration) external nonReentrant returns (uint256 id) {
        if (duration < EXTENSION || duration > 30 days) revert InvalidDuration(duration);
        id = ++auctionCount;
        uint64 endsAt = uint64(block.timestamp) + duration;
        auctions[id] = Auction(msg.sender, collection, tokenId, reserve, endsAt, address(0), 0);
        emit AuctionBegun(id, msg.sender, collection, tokenId, reserve, endsAt);
        collection.transferFrom(msg.sender, address(this), tokenId);
    }

    function bid(uint256 id) external payable {
        Auction storage auction = _find(id);
        if (block.timestamp >= auction.endsAt) revert HasEnded(auction.endsAt);
        uint256 least = leastBid(id);
        if (msg.value < least) revert BidTooLow(msg.value, least);
        // The one before can take its bid back: who cannot be paid must not be able to stay the highest.
        if (auction.bidder != address(0)) refunds[auction.bidder] += auction.bid;
        (auction.bidder, auction.bid) = (msg.sender, msg.value);
        uint64 extended = uint64(block.timestamp) + EXTENSION;
        if (extended > auction.endsAt) auction.endsAt = extended;
        emit BidPlaced(id, msg.sender, msg.value, auction.endsAt);
    }

    /// @notice Gives the token to the winner and the bid to the seller, or the token back. Anybody may call it.
    function settle(uint256 id) external nonReentrant {
        Auction memory auction = _find(id);
        if (block.timestamp < auction.endsAt) revert StillRunning(auction.endsAt);
        delete auctions[id];
        emit AuctionEnded(id, auction.bidder, auction.bid);
        if (auction.bid > 0) refunds[auction.seller] += auction.bid;
        address receiver = auction.bidder == address(0) ? auction.seller : auction.bidder;
        // Not the safe transfer: a winner that refuses tokens must not keep the seller from the money.
        auction.collection.transferFrom(address(this), receiver, auction.tokenId);
    }

    /// @notice Pays the caller what it was outbid with, or sold for.
    function takeBack() external nonReentrant {
        uint256 amount = refunds[msg.sender];
        if (amount == 0) revert NothingToRefund(msg.sender);
        refunds[msg.sender] = 0;
        emit Refunded(msg.sender, amount);
        (bool accepted, ) = msg.sender.call{value: amount}("");
        if (!accepted) revert EtherNotAccepted(msg.sender);
    }

    function leastBid(uint256 id) public view returns (uint256) {
        Auction storage auction = auctions[id];
        if (auction.bidder == address(0)) return auction.reserve == 0 ? 1 : auction.reserve;
        return auction.bid + (auction.bid + 19) / 20;
    }

    function _find(uint256 id) private view returns (Auction storage auction) {
        auction = auctions[id];
        if (auction.seller == address(0)) revert NoSuchAuction(id);
    }
}
