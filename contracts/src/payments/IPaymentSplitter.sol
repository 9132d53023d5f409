// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice Ether that comes in belongs to the payees by fixed parts; each takes its own when it likes.
interface IPaymentSplitter {
    event PayeeAdded(address indexed payee, uint256 parts);
    event Received(address indexed from, uint256 value);
    event Released(address indexed payee, uint256 value);

    error PayeesAndParts();
    error InvalidPayee(address payee, uint256 parts);
    error NothingDue(address payee);
    error EtherNotAccepted(address payee);

    /// @notice Sends `payee` what it is due. Anybody may ask for it.
    function release(address payee) external;

    /// @notice What `payee` could take now, in wei. Rounded down: what remains stays for all.
    function due(address payee) external view returns (uint256);

    /// @notice All that ever came in.
    function totalReceived() external view returns (uint256);

    function partsOf(address payee) external view returns (uint256);

    function totalParts() external view returns (uint256);

    /// @notice What `payee` was paid so far.
    function released(address payee) external view returns (uint256);

    receive() external payable;
}
