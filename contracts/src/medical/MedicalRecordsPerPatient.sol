// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// The registry with a log and a numbering for each patient.

import {MedicalRecordsBase} from "./MedicalRecordsBase.sol";

/// @dev What concerns different patients shares nothing, whoever treats them.
contract MedicalRecordsPerPatient is MedicalRecordsBase {
    mapping(address patient => uint256) public recordCountOf;
    mapping(address patient => uint256) public logLengthOf;
    mapping(address patient => bytes32) public logHeadOf;

    function _newId(address patient) internal override returns (bytes32) {
        return keccak256(abi.encode(patient, ++recordCountOf[patient]));
    }

    function _append(address patient, bytes32 entry) internal override {
        logHeadOf[patient] = keccak256(abi.encode(logHeadOf[patient], entry));
        ++logLengthOf[patient];
    }
}
