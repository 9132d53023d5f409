// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Auctions with sealed bids: first everybody leaves a hash and a deposit, then everybody opens, and the highest bid wins and is paid.

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice The deposit hides the bid, which may be anything below it. Who does not open loses a tenth of it: a bid is no free option.
/// @dev Sealed bids share nothing. Opening a bid reads `bestBid` and writes it only when it is higher, which happens a handful of times
///      among hundreds. Auctions are found by seller, collection and token: no counter.
contract SealedAuction is ReentrancyGuardTransient {
    uint64 public constant OPENING_TIME = 1 days;
    /// @notice In ten thousandths of a deposit that is not opened.
    uint256 public constant PENALTY = 1_000;

    struct Auction {
        address seller;
        uint64 biddingEnds;
        IERC721 collection;
        uint256 tokenId;
        bool settled;
    }

    struct Sealed {
        bytes32 seal;
        uint256 deposit;
        bool opened;
    }

    struct Best {
        address bidder;
        uint96 bid;
    }

    mapping(bytes32 id => Auction) public auctions;
    mapping(bytes32 id => Best) public bestBid;
    mapping(bytes32 id => mapping(address bidder => Sealed)) public bids;
    /// @notice What can be taken out: proceeds, and penalties of those who did not open.
    mapping(address seller => uint256) public proceeds;

    event AuctionBegun(bytes32 indexed id, address indexed seller, IERC721 indexed collection, uint256 tokenId, uint256 biddingEnds);
    event BidSealed(bytes32 indexed id, address indexed bidder, uint256 deposit);
    event BidOpened(bytes32 indexed id, address indexed bidder, uint256 bid);
    event AuctionEnded(bytes32 indexed id, address indexed winner, uint256 bid);
    event DepositReturned(bytes32 indexed id, address indexed bidder, uint256 amount);

    error InvalidDuration(uint64 duration);
    error NoSuchAuction(bytes32 id);
    error AlreadyBegun(bytes32 id);
    error NotNow(uint256 from, uint256 until);
    error AlreadySealed(address bidder);
    error NothingSealed(address bidder);
    error DoesNotMatch(bytes32 seal);
    error BidAboveDeposit(uint256 bid, uint256 deposit);
    error NothingToTake(address account);
    error EtherNotAccepted(address to);

    function begin(IERC721 collection, uint256 tokenId, uint64 duration) external nonReentrant returns (bytes32 id) {
        if (duration < 5 minutes || duration > 30 days) revert InvalidDuration(duration);
        id = keccak256(abi.encode(msg.sender, collection, tokenId, block.timestamp));
        if (auctions[id].seller != address(0)) revert AlreadyBegun(id);
        uint64 ends = uint64(block.timestamp) + duration;
        auctions[id] = Auction(msg.sender, ends, collection, tokenId, false);
        emit AuctionBegun(id, msg.sender, collection, tokenId, ends);
        collection.transferFrom(msg.sender, address(this), tokenId);
    }

    /// @param seal As `sealOf` gives it.
    function bid(bytes32 id, bytes32 seal) external payable {
        Auction storage auction = _find(id);
        if (block.timestamp >= auction.biddingEnds) revert NotNow(0, auction.biddingEnds);
        if (bids[id][msg.sender].deposit != 0) revert AlreadySealed(msg.sender);
        if (msg.value == 0 || seal == 0) revert NothingSealed(msg.sender);
        bids[id][msg.sender] = Sealed(seal, msg.value, false);
        emit BidSealed(id, msg.sender, msg.value);
    }

    /// @notice Opens the caller's bid. Of equal bids the one that was opened first wins.
    function open(bytes32 id, uint96 amount, bytes32 salt) external {
        Auction storage auction = _find(id);
        uint256 ends = auction.biddingEnds + OPENING_TIME;
        if (block.timestamp < auction.biddingEnds || block.timestamp >= ends) revert NotNow(auction.biddingEnds, ends);
        Sealed storage own = bids[id][msg.sender];
        if (own.deposit == 0 || own.opened) revert NothingSealed(msg.sender);
        if (own.seal != sealOf(id, msg.sender, amount, salt)) revert DoesNotMatch(own.seal);
        if (amount > own.deposit) revert BidAboveDeposit(amount, own.deposit);
        own.opened = true;
        if (amount > bestBid[id].bid) bestBid[id] = Best(msg.sender, amount);
        emit BidOpened(id, msg.sender, amount);
    }

    /// @notice Gives the token to the winner and the bid to the seller, or the token back. Anybody may call it.
    function settle(bytes32 id) external nonReentrant {
        Auction storage auction = _find(id);
        uint256 ends = auction.biddingEnds + OPENING_TIME;
        if (block.timestamp < ends || auction.settled) revert NotNow(ends, type(uint256).max);
        auction.settled = true;
        Best memory best = bestBid[id];
        emit AuctionEnded(id, best.bidder, best.bid);
        if (best.bid > 0) {
            bids[id][best.bidder].deposit -= best.bid;
            proceeds[auction.seller] += best.bid;
        }
        address receiver = best.bidder == address(0) ? auction.seller : best.bidder;
        auction.collection.transferFrom(address(this), receiver, auction.tokenId);
    }

    /// @notice Gives the caller its deposit back, once the auction is settled: less the bid if it has won, less a tenth if it was not opened.
    function takeBack(bytes32 id) external nonReentrant {
        Auction storage auction = _find(id);
        if (!auction.settled) revert NotNow(auction.biddingEnds + OPENING_TIME, type(uint256).max);
        Sealed memory own = bids[id][msg.sender];
        if (own.deposit == 0) revert NothingToTake(msg.sender);
        delete bids[id][msg.sender];
        uint256 penalty = own.opened ? 0 : (own.deposit * PENALTY) / 10_000;
        if (penalty > 0) proceeds[auction.seller] += penalty;
        emit DepositReturned(id, msg.sender, own.deposit - penalty);
        _send(msg.sender, own.deposit - penalty);
    }

    function takeProceeds() external nonReentrant {
        uint256 amount = proceeds[msg.sender];
        if (amount == 0) revert NothingToTake(msg.sender);
        proceeds[msg.sender] = 0;
        _send(msg.sender, amount);
    }

    function sealOf(bytes32 id, address bidder, uint96 amount, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(id, bidder, amount, salt));
    }

    function _find(bytes32 id) private view returns (Auction storage auction) {
        auction = auctions[id];
        if (auction.seller == address(0)) revert NoSuchAuction(id);
    }

    function _send(address to, uint256 amount) private {
        (bool accepted, ) = to.call{value: amount}("");
        if (!accepted) revert EtherNotAccepted(to);
    }
}
