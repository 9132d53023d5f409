// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Goods on their way from who made them to who sells them: who has them, what sensors said, and whether they were recalled.

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

/// @notice A batch of goods changes hands in two steps, offered by one and accepted by the other, so that nobody is given what it did not
///         take. Every event of a batch goes into a log that is a chain of hashes: who has the events can prove them.
abstract contract SupplyChainBase is AccessControl {
    bytes32 public constant MAKER_ROLE = keccak256("MAKER_ROLE");
    bytes32 public constant CARRIER_ROLE = keccak256("CARRIER_ROLE");
    bytes32 public constant SELLER_ROLE = keccak256("SELLER_ROLE");
    bytes32 public constant INSPECTOR_ROLE = keccak256("INSPECTOR_ROLE");

    enum Status {
        None,
        Held,
        Offered,
        Sold,
        Recalled
    }

    enum Kind {
        Made,
        Offered,
        Accepted,
        Measured,
        Sold,
        Recalled
    }

    struct Batch {
        address maker;
        uint64 quantity;
        Status status;
        address holder;
        /// In hundredths of a degree: what the goods bear.
        int16 lowest;
        int16 highest;
        /// Whether a sensor has ever said otherwise.
        bool spoiled;
        /// Who may accept it.
        address receiver;
        bytes32 descriptionHash;
    }

    mapping(bytes32 id => Batch) public batches;

    event BatchMade(bytes32 indexed id, address indexed maker, uint64 quantity, bytes32 descriptionHash);
    event BatchOffered(bytes32 indexed id, address indexed from, address indexed to);
    event BatchAccepted(bytes32 indexed id, address indexed holder);
    event Measured(bytes32 indexed id, address indexed by, int16 temperature, bool withinLimits);
    event BatchSold(bytes32 indexed id, address indexed seller);
    event BatchRecalled(bytes32 indexed id, address indexed by, bytes32 reasonHash);

    error InvalidBatch();
    error InvalidReceiver(address receiver);
    error NotTheHolder(address holder);
    error NotTheReceiver(address receiver);
    error WrongStatus(Status status);
    error Spoiled(bytes32 id);
    error MayNotRecall(address account);

    constructor() {
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    function make(
        uint64 quantity,
        int16 lowest,
        int16 highest,
        bytes32 descriptionHash
    ) external onlyRole(MAKER_ROLE) returns (bytes32 id) {
        if (quantity == 0 || lowest > highest) revert InvalidBatch();
        id = _newId();
        Batch storage batch = batches[id];
        (batch.maker, batch.quantity, batch.status, batch.holder) = (msg.sender, quantity, Status.Held, msg.sender);
        (batch.lowest, batch.highest, batch.descriptionHash) = (lowest, highest, descriptionHash);
        emit BatchMade(id, msg.sender, quantity, descriptionHash);
        _log(id, Kind.Made, descriptionHash);
    }

    /// @notice Offers a batch to a carrier or a seller.
    function offer(bytes32 id, address receiver) external {
        Batch storage batch = _held(id);
        bool known = hasRole(CARRIER_ROLE, receiver) || hasRole(SELLER_ROLE, receiver);
        if (!known || receiver == msg.sender) revert InvalidReceiver(receiver);
        (batch.status, batch.receiver) = (Status.Offered, receiver);
        emit BatchOffered(id, msg.sender, receiver);
        _log(id, Kind.Offered, bytes32(uint256(uint160(receiver))));
    }

    /// @notice Takes over a batch, and the responsibility for it.
    function accept(bytes32 id) external {
        Batch storage batch = batches[id];
        if (batch.status != Status.Offered) revert WrongStatus(batch.status);
        if (batch.receiver != msg.sender) revert NotTheReceiver(batch.receiver);
        (batch.status, batch.holder, batch.receiver) = (Status.Held, msg.sender, address(0));
        emit BatchAccepted(id, msg.sender);
        _log(id, Kind.Accepted, 0);
    }

    /// @notice What the holder's sensor says. Goods that were once too warm or too cold stay spoiled.
    function measure(bytes32 id, int16 temperature) external {
        Batch storage batch = batches[id];
        if (batch.status != Status.Held && batch.status != Status.Offered) revert WrongStatus(batch.status);
        if (batch.holder != msg.sender) revert NotTheHolder(batch.holder);
        bool within = temperature >= batch.lowest && temperature <= batch.highest;
        if (!within && !batch.spoiled) batch.spoiled = true;
        emit Measured(id, msg.sender, temperature, within);
        _log(id, Kind.Measured, bytes32(uint256(uint16(temperature))));
    }

    function sell(bytes32 id) external onlyRole(SELLER_ROLE) {
        Batch storage batch = _held(id);
        if (batch.spoiled) revert Spoiled(id);
        batch.status = Status.Sold;
        emit BatchSold(id, msg.sender);
        _log(id, Kind.Sold, 0);
    }

    /// @notice Stops a batch wherever it is, also when it is sold. For its maker and for inspectors.
    function recall(bytes32 id, bytes32 reasonHash) external {
        Batch storage batch = batches[id];
        if (batch.status == Status.None || batch.status == Status.Recalled) revert WrongStatus(batch.status);
        if (batch.maker != msg.sender && !hasRole(INSPECTOR_ROLE, msg.sender)) revert MayNotRecall(msg.sender);
        (batch.status, batch.receiver) = (Status.Recalled, address(0));
        emit BatchRecalled(id, msg.sender, reasonHash);
        _log(id, Kind.Recalled, reasonHash);
    }

    /// @dev A number that no batch has.
    function _newId() internal virtual returns (bytes32);

    /// @dev Chains an entry to the log.
    function _append(bytes32 id, bytes32 entry) internal virtual;

    function _held(bytes32 id) private view returns (Batch storage batch) {
        batch = batches[id];
        if (batch.status != Status.Held) revert WrongStatus(batch.status);
        if (batch.holder != msg.sender) revert NotTheHolder(batch.holder);
    }

    function _log(bytes32 id, Kind kind, bytes32 detail) private {
        _append(id, keccak256(abi.encode(id, kind, msg.sender, block.timestamp, detail)));
    }
}
