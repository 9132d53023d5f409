// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Who may see a patient's records, and who did. The records themselves lie encrypted elsewhere; here are their hashes.

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

/// @notice A patient gives providers access by category and time, and takes it away again. In an emergency a provider gets in without
///         leave, for a day, and everybody sees that it did. Every access goes into a log that is a chain of hashes.
/// @dev A chain is public: what is here says that somebody was treated by somebody. Names, findings and keys never come here.
abstract contract MedicalRecordsBase is AccessControl {
    /// @notice Providers are doctors, hospitals and laboratories that the admin has checked.
    bytes32 public constant PROVIDER_ROLE = keccak256("PROVIDER_ROLE");
    bytes32 public constant EMERGENCY_ROLE = keccak256("EMERGENCY_ROLE");
    uint64 public constant EMERGENCY_TIME = 1 days;

    enum Access {
        Read,
        Write
    }

    struct Record {
        address patient;
        address provider;
        uint8 category;
        uint64 createdAt;
        bytes32 contentHash;
    }

    /// @dev Until when; zero is never.
    struct Grant {
        uint64 readUntil;
        uint64 writeUntil;
    }

    mapping(bytes32 id => Record) public records;
    mapping(address patient => mapping(address provider => mapping(uint8 category => Grant))) public grants;
    mapping(address patient => mapping(address provider => uint64 until)) public emergencies;

    event AccessGranted(address indexed patient, address indexed provider, uint8 category, uint64 readUntil, uint64 writeUntil);
    event AccessRevoked(address indexed patient, address indexed provider, uint8 category);
    event EmergencyDeclared(address indexed patient, address indexed provider, bytes32 reasonHash, uint64 until);
    event RecordAdded(bytes32 indexed id, address indexed patient, address indexed provider, uint8 category, bytes32 contentHash);
    event RecordRead(bytes32 indexed id, address indexed patient, address indexed provider, bytes32 purposeHash);

    error UnknownProvider(address provider);
    error NoAccess(address patient, address provider, uint8 category);
    error NoSuchRecord(bytes32 id);
    error EmptyHash();

    constructor() {
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    /// @notice Lets a provider read and add the caller's records of a category until the given times; replaces what it had.
    function grant(address provider, uint8 category, uint64 readUntil, uint64 writeUntil) external {
        if (!hasRole(PROVIDER_ROLE, provider)) revert UnknownProvider(provider);
        grants[msg.sender][provider][category] = Grant(readUntil, writeUntil);
        emit AccessGranted(msg.sender, provider, category, readUntil, writeUntil);
        _log(msg.sender, keccak256(abi.encode("grant", provider, category, readUntil, writeUntil)));
    }

    function revoke(address provider, uint8 category) external {
        delete grants[msg.sender][provider][category];
        emit AccessRevoked(msg.sender, provider, category);
        _log(msg.sender, keccak256(abi.encode("revoke", provider, category)));
    }

    /// @notice Opens all records of a patient to the caller for a day, for a reason that it must stand for.
    function declareEmergency(address patient, bytes32 reasonHash) external onlyRole(EMERGENCY_ROLE) {
        if (reasonHash == 0) revert EmptyHash();
        uint64 until = uint64(block.timestamp) + EMERGENCY_TIME;
        emergencies[patient][msg.sender] = until;
        emit EmergencyDeclared(patient, msg.sender, reasonHash, until);
        _log(patient, keccak256(abi.encode("emergency", msg.sender, reasonHash)));
    }

    /// @notice Adds a record of a patient's. Nobody can change one: a correction is another record.
    function add(address patient, uint8 category, bytes32 contentHash) external returns (bytes32 id) {
        if (contentHash == 0) revert EmptyHash();
        if (!mayAccess(patient, msg.sender, category, Access.Write)) revert NoAccess(patient, msg.sender, category);
        id = _newId(patient);
        records[id] = Record(patient, msg.sender, category, uint64(block.timestamp), contentHash);
        emit RecordAdded(id, patient, msg.sender, category, contentHash);
        _log(patient, keccak256(abi.encode("add", msg.sender, id, contentHash)));
    }

    /// @notice Says that the caller reads a record: who keeps the content hands it out on this event.
    function read(bytes32 id, bytes32 purposeHash) external returns (bytes32 contentHash) {
        Record memory found = records[id];
        if (found.patient == address(0)) revert NoSuchRecord(id);
        if (!mayAccess(found.patient, msg.sender, found.category, Access.Read))
            revert NoAccess(found.patient, msg.sender, found.category);
        emit RecordRead(id, found.patient, msg.sender, purposeHash);
        _log(found.patient, keccak256(abi.encode("read", msg.sender, id, purposeHash)));
        return found.contentHash;
    }

    /// @notice Whether `who` has access now. Patients have it to their own; a provider that is struck off has none, whatever was granted.
    function mayAccess(address patient, address who, uint8 category, Access access) public view returns (bool) {
        if (who == patient) return access == Access.Read;
        if (hasRole(EMERGENCY_ROLE, who) && block.timestamp < emergencies[patient][who]) return true;
        if (!hasRole(PROVIDER_ROLE, who)) return false;
        Grant memory granted = grants[patient][who][category];
        return block.timestamp < (access == Access.Read ? granted.readUntil : granted.writeUntil);
    }

    /// @dev A number that no record has.
    function _newId(address patient) internal virtual returns (bytes32);

    /// @dev Chains an entry to the log.
    function _append(address patient, bytes32 entry) internal virtual;

    function _log(address patient, bytes32 what) private {
        _append(patient, keccak256(abi.encode(patient, msg.sender, block.timestamp, what)));
    }
}
