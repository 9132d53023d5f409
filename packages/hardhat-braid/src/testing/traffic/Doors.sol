// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Calls that not everybody can make.

contract Doors {
    bool[4] private _open;
    uint256 public entered;
    uint256 public sum;

    error Closed();
    error NotSigned(bytes32 key);

    constructor() {
        _open[0] = true;
        _open[1] = true;
    }

    /// Half of all accounts find their door open.
    function enter() external {
        if (!_open[uint160(msg.sender) % 4]) revert Closed();
        ++entered;
    }

    /// As a proof or a signature: nobody else's key fits.
    function unlock(bytes32 key) external {
        if (key != keccak256(abi.encode(msg.sender, address(this)))) revert NotSigned(key);
        ++entered;
        unchecked {
            sum = 3 * sum + uint256(key);
        }
    }
}
